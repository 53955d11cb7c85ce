/** What a finished run says of itself: `runs/<name>/result.json`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { METHOD_NAMES } from '../config/index.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';

/** File in the folder of a run that is finished. */
export const TUNE_RESULT_FILE = 'result.json';

const dataSchema = z.object({
  labelled: z.number(),
  unlabelled: z.number(),
  pretraining: z.number(),
  /** Of the images learned from, where the method reads the reward. */
  meanReward: z.number().exactOptional(),
  /** Of the images learned from, where the method reads labels. */
  meanLabel: z.number().exactOptional(),
});

const resultSchema = z.object({
  fingerprint: z.string(),
  name: z.string(),
  run: z.string(),
  /** Absent in runs from before there were other methods than the paper's. */
  method: z.enum(METHOD_NAMES).exactOptional(),
  /** The diffusers folder of the tuned model. */
  folder: z.string(),
  steps: z.number(),
  /** The update whose weights were written, where it is not the last one. */
  chosenStep: z.number().exactOptional(),
  /** True where an alarm ended the run before its last update. */
  stopped: z.literal(true).exactOptional(),
  data: dataSchema,
  /** Means over the last tenth of the steps of the call that finished the run. */
  final: z.record(z.string(), z.number()).exactOptional(),
});

export type TuneResult = z.output<typeof resultSchema>;
export type TuneData = z.output<typeof dataSchema>;

/** Reads the result in a run's folder, or undefined where there is none. Throws a sentence where it is broken. */
export async function findTuneResult(runFolder: string): Promise<TuneResult | undefined> {
  const path = join(runFolder, TUNE_RESULT_FILE);
  return findCheckedJson(path, { what: 'the result of a finished run', schema: resultSchema });
}

/** The result of a finished run that these options and data, named by `fingerprint`, need not be repeated for. */
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

/** What a run learns from, in numbers. */
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
