/** Which of the weights of a project's models are used, where a file holds two copies. */
import { hasEmaWeights, isFile } from '@heed/diffusion';
import type { Project } from './project.ts';

/** How model `name` of the project is loaded: `model.ema` means the base model alone. */
export function weightsOptions({ config }: Project, name: string): { ema: boolean } {
  return { ema: config.model.ema && name === config.model.name };
}

/** A remark where model `name`, which lies at `path`, has EMA weights that the settings leave aside. */
export async function emaNote(project: Project, name: string, path: string): Promise<string | undefined> {
  if (weightsOptions(project, name).ema || !(await isFile(path)) || !(await hasEmaWeights(path))) return undefined;
  return `${path} holds EMA weights of its U-Net, too; they are left aside (model.ema=true takes them)`;
}
