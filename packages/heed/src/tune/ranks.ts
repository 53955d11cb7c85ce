/**
 * Tuning in several processes: rank 0 chooses the data, prepares it and writes all files; the others get the choice and
 * read what rank 0 has prepared in the project's folder, which all ranks share.
 */
import { createHash } from 'node:crypto';
import type { Communicator, ParameterValues } from '@heed/diffusion/autodiff';
import packageJson from '../../package.json' with { type: 'json' };
import { badInput, InputError } from '../errors.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';
import type { TuneOptions } from './options.ts';

/** What rank 0 has chosen. */
export interface SharedRun {
  readonly run: string;
  /** Name of the model to tune. */
  readonly from: string;
  readonly options: TuneOptions;
  readonly model: readonly TuneSample[];
  readonly pretraining: readonly PretrainingSample[] | undefined;
  readonly fingerprint: string;
  /** Rank 0's version and the hash of its base model: the others must have the same. */
  readonly heed: string;
  readonly baseHash: string;
}

/** The version of this rank's heed. */
export const HEED_VERSION: string = packageJson.version;

/** Throws where this rank runs another heed than rank 0, or read another base model. */
export function checkSameBase({ rank }: Communicator, shared: SharedRun, baseHash: string): void {
  const differing = [
    ['version of heed', shared.heed, HEED_VERSION],
    ['base model', shared.baseHash, baseHash],
  ].find(([, expected, own]) => expected !== own);
  if (differing === undefined) return;
  const [what, expected, own] = differing;
  throw new InputError(
    `rank ${rank}: expected the ${what} of rank 0 (${expected}), got ${own}; \`heed doctor\` compares all ranks`,
  );
}

/** Rank 0 hands its choice to the others, `undefined` where there is nothing to do; each rank gets it back. */
export async function shareRun(communicator: Communicator, run: SharedRun | undefined): Promise<SharedRun | undefined> {
  const [text] = await communicator.gather(communicator.rank === 0 ? JSON.stringify(run ?? null) : '');
  return (JSON.parse(text!) as SharedRun | null) ?? undefined;
}

/**
 * The options with replicas for this many ranks. An update's batch is split into `tune.replicas` parts, which the ranks
 * share out; with 1, the default, each rank gets one part.
 */
export function optionsForRanks(options: TuneOptions, ranks: number): TuneOptions {
  const replicas = options.replicas === 1 ? ranks : options.replicas;
  if (replicas % ranks !== 0) {
    throw badInput(`tune.replicas: expected a multiple of the ${ranks} ranks, got ${replicas}`);
  }
  if (options.batchSize % replicas !== 0) {
    throw badInput(
      `tune.batchSize: expected a multiple of the ${replicas} replicas of ${ranks} ranks, got ${options.batchSize}`,
    );
  }
  return { ...options, replicas };
}

/** The line that a run of several processes begins with. */
export function describeRanks(
  { size, hosts }: Communicator,
  { replicas, accumulation, batchSize }: TuneOptions,
): string {
  const each = replicas / size;
  return `${size} ranks on ${hosts} ${hosts === 1 ? 'host' : 'hosts'}, ${each} ${each === 1 ? 'replica' : 'replicas'} each; an update is ${replicas * accumulation} batches of ${batchSize / replicas} samples`;
}

/** Throws where the ranks do not all go on from the same update: they do not share the project's folder. */
export async function checkSameStart(communicator: Communicator, step: number): Promise<void> {
  const steps = (await communicator.gather(String(step))).map(Number);
  const other = steps.findIndex((theirs) => theirs !== steps[0]);
  if (other === -1) return;
  throw new InputError(
    `expected all ranks to go on from update ${steps[0]}, rank ${other} would from ${steps[other]}; is the project's folder shared by all hosts?`,
  );
}

/** Throws where a rank's weights differ from rank 0's: a run that went on would be no run of any settings. */
export async function checkSameWeights(
  communicator: Communicator,
  weights: ParameterValues,
  step: number,
): Promise<void> {
  if (communicator.size === 1) return;
  const hash = createHash('sha256');
  for (const [name, { data }] of weights) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const hashes = await communicator.gather(hash.digest('hex').slice(0, 16));
  const other = hashes.findIndex((theirs) => theirs !== hashes[0]);
  if (other === -1) return;
  throw new InputError(
    `update ${step}: expected equal weights on all ranks, those of rank ${other} differ from those of rank 0`,
  );
}
