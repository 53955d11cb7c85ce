/** The result of a finished run: `runs/<name>/result.json`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { METHOD_NAMES } from '../config/index.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';

/** Name of the result file in a finished run's folder. */
export const TUNE_RESULT_FILE = 'result.json';

const dataSchema = z.object({
  labelled: z.number(),
  unlabelled: z.number(),
  pretraining: z.number(),
  /** Mean reward of the images that the run learned from, for methods that read the reward. */
  meanReward: z.number().exactOptional(),
  /** Mean label of the images that the run learned from, for methods that read labels. */
  meanLabel: z.number().exactOptional(),
});

const resultSchema = z.object({
  fingerprint: z.string(),
  name: z.string(),
  run: z.string(),
  /** The tuning method; missing in runs of older versions of heed, which had only reward-weighted likelihood. */
  method: z.enum(METHOD_NAMES).exactOptional(),
  /** The diffusers folder of the tuned model. */
  folder: z.string(),
  steps: z.number(),
  /** The number of the update whose weights were written; missing if it is the last update. */
  chosenStep: z.number().exactOptional(),
  /** True if an alarm ended the run before its last update. */
  stopped: z.literal(true).exactOptional(),
  data: dataSchema,
  /** Means of the metrics over the last tenth of the run's steps; steps before the last resume are not included. */
  final: z.record(z.string(), z.number()).exactOptional(),
});

export type TuneResult = z.output<typeof resultSchema>;
export type TuneData = z.output<typeof dataSchema>;

/** Reads the result in a run's folder; undefined when there is none. Throws when the file is damaged. */
export async function findTuneResult(runFolder: string): Promise<TuneResult | undefined> {
  const path = join(runFolder, TUNE_RESULT_FILE);
  return findCheckedJson(path, { what: 'the result of a finished run', schema: resultSchema });
}

/**
 * Finds the result if the run in the folder has finished with the same options and data (`fingerprint`) and need not be
 * repeated.
 */
export async function findFinished(
  runFolder: string,
  wanted: { fingerprint: string; steps: number; folder: string },
): Promise<Omit<TuneResult, 'fingerprint'> | undefined> {
  const found = await findTuneResult(runFolder);
  if (found === undefined || !existsSync(wanted.folder)) return undefined;
  const { fingerprint, ...result } = found;
  return fingerprint === wanted.fingerprint && (result.steps >= wanted.steps || result.stopped) ? result : undefined;
}

/** Writes the result durably. */
export function writeTuneResult(runFolder: string, result: TuneResult): Promise<void> {
  return writeFileAtomically(join(runFolder, TUNE_RESULT_FILE), `${JSON.stringify(result, null, 2)}\n`);
}

/** Describes the numbers of images and pairs in a run's training data. */
export function describeData(
  samples: readonly TuneSample[],
  pretraining: readonly PretrainingSample[] | undefined,
): TuneData {
  const labelled = samples.filter((sample) => sample.labelled).length;
  const meanReward = meanOf(samples.map(({ reward }) => reward));
  const meanLabel = meanOf(samples.map(({ label }) => label));
  return {
    labelled,
    unlabelled: samples.length - labelled,
    pretraining: pretraining?.length ?? 0,
    ...(meanReward === undefined ? {} : { meanReward }),
    ...(meanLabel === undefined ? {} : { meanLabel }),
  };
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0) / known.length;
}
