/** How a project's models are opened: which weights of a file that holds two copies, and the size of their pictures. */
import { hasEmaWeights, isFile } from '@heed/diffusion';
import type { Project } from './project.ts';

/** How model `name` of the project is loaded: `model.ema` and `model.size` mean the base model alone. */
export function weightsOptions({ config }: Project, name: string): { ema: boolean; size?: number } {
  const { name: base, ema, size } = config.model;
  if (name !== base) return { ema: false };
  return { ema, ...(size === 0 ? {} : { size }) };
}

/** A remark where model `name`, which lies at `path`, has EMA weights that the settings leave aside. */
export async function emaNote(project: Project, name: string, path: string): Promise<string | undefined> {
  if (weightsOptions(project, name).ema || !(await isFile(path)) || !(await hasEmaWeights(path))) return undefined;
  return `${path} holds EMA weights of its U-Net, too; they are left aside (model.ema=true takes them)`;
}
