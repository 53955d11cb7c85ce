/**
 * Warns when a model's config says noise prediction but the model predicts velocity, or the reverse. A wrong setting
 * yields noise as pictures, and tuning then breaks the model. Results are cached in `.heed/predictions.json`.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { isFile, type StableDiffusionPipeline } from '@heed/diffusion';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { isBadInput } from '../errors.ts';
import type { Project } from './project.ts';

/** By model hash: the configured prediction type, and the detected one if it differs. */
const foundSchema = z.record(
  z.string(),
  z.object({ stated: z.string(), likely: z.enum(['epsilon', 'v_prediction']).nullable() }),
);

const WORDS = { epsilon: 'noise (epsilon)', v_prediction: 'velocity (v_prediction)' } as const;
const YAML_NAMES = { epsilon: 'eps', v_prediction: 'v' } as const;

/**
 * A warning if the config of the model at `source` is wrong. A model that was not checked before needs two evaluations
 * of the network.
 */
export async function predictionNote(
  project: Project,
  pipeline: StableDiffusionPipeline,
  { source, signal }: { source: string; signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  const path = join(project.paths.state, 'predictions.json');
  const found = await readFound(path);
  const { modelHash } = pipeline;
  let entry = found[modelHash];
  if (entry === undefined) {
    const { stated, likely } = await pipeline.checkPrediction({ signal });
    entry = { stated, likely: likely ?? null };
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, `${JSON.stringify({ ...found, [modelHash]: entry }, null, 2)}\n`);
  }
  if (entry.likely === null) return undefined;
  const stated = pipeline.configs.scheduler.prediction_type;
  const remedy = (await isFile(source))
    ? `${join(dirname(source), `${parse(source).name}.yaml`)} with the line 'parameterization: "${YAML_NAMES[entry.likely]}"' says so`
    : `"prediction_type": "${entry.likely}" in ${join(source, 'scheduler', 'scheduler_config.json')} says so`;
  return `${source} is labelled as predicting ${WORDS[stated]}, but it predicts ${WORDS[entry.likely]}: its pictures will be noise, and tuning will break it; ${remedy}`;
}

async function readFound(path: string): Promise<z.output<typeof foundSchema>> {
  const content = { what: 'what models predict', schema: foundSchema };
  return (
    (await findCheckedJson(path, content).catch((error: unknown) => {
      // A damaged cache file is ignored and written again.
      if (isBadInput(error)) return undefined;
      throw error;
    })) ?? {}
  );
}
