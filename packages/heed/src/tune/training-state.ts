/**
 * The contents of a tuning checkpoint: weights, optimizer moments, moving average, and the positions in the random
 * numbers and in the data streams. The modules in `checkpoint/` check that a checkpoint is complete.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@heed/diffusion';
import type { OptimizerState, ParameterValues } from '@heed/diffusion/autodiff';
import { readCheckedJson } from '@heed/diffusion/checked-json';
import { z } from 'zod';
import { badInput, InputError } from '../errors.ts';

const STATE_FILE = 'state.json';
const GROUPS = ['parameters', 'firstMoment', 'secondMoment', 'ema'] as const;

const StreamPosition = z.object({ pass: z.number().int(), taken: z.number().int() });
const SavedState = z.object({
  version: z.literal(1),
  step: z.number().int().nonnegative(),
  /** The seed and the batch number determine noise, timesteps and the order of the data. */
  random: z.object({ seed: z.number(), batch: z.number().int().nonnegative() }),
  data: z.object({ model: StreamPosition, pretraining: StreamPosition.optional() }),
  /** Hash of options and data. A run cannot resume with other options or other data. */
  fingerprint: z.string(),
});
export type SavedState = z.infer<typeof SavedState>;

/** Writes the whole state into `folder`, in float32, so that a resumed run gives bit-identical weights. */
export async function writeTrainingState(
  folder: string,
  saved: Omit<SavedState, 'version' | 'step'> & { optimizer: OptimizerState },
): Promise<void> {
  const { optimizer, ...rest } = saved;
  for (const group of GROUPS) {
    const tensors = optimizer[group];
    if (tensors !== undefined) await writeSafetensors(join(folder, `${group}.safetensors`), tensors, { dtype: 'F32' });
  }
  const state: SavedState = { version: 1, step: optimizer.step, ...rest };
  await writeFile(join(folder, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`);
}

/** Reads a checkpoint's fingerprint and positions, but not the weights. */
export async function readSavedState(folder: string): Promise<SavedState> {
  return readCheckedJson(join(folder, STATE_FILE), { what: 'the state of a run', schema: SavedState });
}

/**
 * Returns the optimizer's state of a checkpoint, and copies the checkpoint's weights into the arrays of `parameters`.
 * The trained weights in both must have the same names and shapes.
 */
export async function readOptimizerState(folder: string, parameters: ParameterValues): Promise<OptimizerState> {
  const { step } = await readSavedState(folder);
  const read = async (group: (typeof GROUPS)[number], into?: ParameterValues): Promise<ParameterValues> => {
    const { tensors } = await readSafetensors(join(folder, `${group}.safetensors`), into ? { into } : {});
    return new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data }]));
  };
  const weights = await read('parameters', parameters);
  for (const [name, { data }] of parameters) {
    if (!weights.has(name)) {
      throw badInput(`checkpoint ${folder}: expected ${data.length} numbers for ${name}, got none`);
    }
  }
  const firstMoment = await read('firstMoment');
  const secondMoment = await read('secondMoment');
  const ema = existsSync(join(folder, 'ema.safetensors')) ? await read('ema') : undefined;
  return { step, parameters: weights, firstMoment, secondMoment, ...(ema === undefined ? {} : { ema }) };
}

/** Throws when a checkpoint was made with other options or data than the run uses now. */
export function checkFingerprint(saved: SavedState, expected: string, run: string): void {
  if (saved.fingerprint === expected) return;
  throw badInput(
    `run ${run}: expected the settings and data it was begun with (${saved.fingerprint}), got others (${expected}): images, rewards or pre-training pairs have changed since; give the new run another name`,
  );
}

/** Throws when a weight has a value that is not finite; the message names the first such weight. */
export function checkFinite(parameters: ParameterValues): void {
  for (const [name, { data }] of parameters) {
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i]!))
        throw new InputError(`parameter ${name}: expected finite numbers, got ${data[i]}`);
    }
  }
}
