/**
 * The options for opening a project's models: whether to use the EMA weights of a file that has both kinds, and the
 * picture size.
 */
import { hasEmaWeights, isFile } from '@heed/diffusion';
import type { Project } from './project.ts';

/** The load options of model `name`. `model.ema` and `model.size` apply only to the base model. */
export function weightsOptions({ config }: Project, name: string): { ema: boolean; size?: number } {
  const { name: base, ema, size } = config.model;
  if (name !== base) return { ema: false };
  return { ema, ...(size === 0 ? {} : { size }) };
}

/** A note when model `name` at `path` has EMA weights that the settings do not use. */
export async function emaNote(project: Project, name: string, path: string): Promise<string | undefined> {
  if (weightsOptions(project, name).ema || !(await isFile(path)) || !(await hasEmaWeights(path))) return undefined;
  return `${path} holds EMA weights of its U-Net, too; they are left aside (model.ema=true takes them)`;
}
