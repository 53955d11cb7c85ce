/**
 * `heed contrast`: makes a model whose guidance is the base model's plus the difference of two models, tuned on good
 * and on bad images. `@heed/diffusion` implements the guidance.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, saveModelFolder } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import { modelFolder, type Project, withLock } from '../project/index.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { checkModelName } from '../tune/run.ts';

export interface ContrastRunOptions {
  /** Name of the new model. */
  name: string;
  /** Names of the two models whose difference is added. */
  good: string;
  bad: string;
  /** Weight of the difference. */
  scale: number;
  signal?: AbortSignal | undefined;
}

/** Writes the model into the project's folder of models. Throws when a model with this name already exists. */
export async function runContrast(
  project: Project,
  options: ContrastRunOptions,
): Promise<{ name: string; folder: string; good: string; bad: string; scale: number }> {
  return withLock(project, 'tune', async () => {
    const { name, good, bad, scale, signal } = options;
    checkModelName(project, name);
    const folder = join(project.paths.models, name);
    if (existsSync(folder)) throw badInput(`${folder}: expected no model of that name, found one; nothing was written`);
    const load = async (model: string) =>
      loadModel(await modelFolder(project, model, { signal }), weightsOptions(project, model));
    const base = await load(project.config.model.name);
    const contrast = { good: (await load(good)).unet, bad: (await load(bad)).unet, scale };
    const metadata = { heed: JSON.stringify({ contrast: { good, bad, scale } }) };
    await saveModelFolder(folder, { ...base, contrast }, { metadata });
    return { name, folder, good, bad, scale };
  });
}
