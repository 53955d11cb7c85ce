/**
 * Tuning in several processes. Rank 0 chooses and prepares the data and writes all files. The other ranks receive the
 * list of chosen samples, and read the prepared data from the project's folder, which all ranks share.
 */
import { createHash } from 'node:crypto';
import type { Communicator, ParameterValues } from '@heed/diffusion/autodiff';
import packageJson from '../../package.json' with { type: 'json' };
import { badInput, InputError } from '../errors.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';
import { exchangeSeconds, measureExchange } from './exchange-time.ts';
import type { TuneOptions } from './options.ts';

/** What rank 0 sends to the other ranks: the options, the model to tune, and the chosen samples. */
export interface SharedRun {
  readonly run: string;
  /** Name of the model to tune. */
  readonly from: string;
  readonly options: TuneOptions;
  readonly model: readonly TuneSample[];
  readonly pretraining: readonly PretrainingSample[] | undefined;
  readonly fingerprint: string;
  /**
   * heed's version on rank 0 and the hash of its base model. The other ranks must have the same version and base model.
   */
  readonly heed: string;
  readonly baseHash: string;
}

/** The version of heed that this process runs. */
export const HEED_VERSION: string = packageJson.version;

/** Throws when this rank runs another version of heed than rank 0, or has read another base model than rank 0. */
export function checkSameBase(shared: SharedRun, baseHash: string): void {
  const differing = [
    ['version of heed', shared.heed, HEED_VERSION],
    ['base model', shared.baseHash, baseHash],
  ].find(([, expected, own]) => expected !== own);
  if (differing === undefined) return;
  const [what, expected, own] = differing;
  throw new InputError(`expected the ${what} of rank 0 (${expected}), got ${own}; \`heed doctor\` compares all ranks`);
}

/**
 * Sends `run` from rank 0 to all ranks and returns it on every rank; undefined means that there is nothing to train.
 */
export async function shareRun(communicator: Communicator, run: SharedRun | undefined): Promise<SharedRun | undefined> {
  const [text] = await communicator.gather(communicator.rank === 0 ? JSON.stringify(run ?? null) : '');
  return (JSON.parse(text!) as SharedRun | null) ?? undefined;
}

/**
 * Sets `replicas` to suit the number of ranks. The batch of an update is split into `tune.replicas` parts, and every
 * rank computes equally many parts. If `tune.replicas` is 1, the default, each rank computes one part.
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

/**
 * Measures how long the exchange of `values` gradients takes, and describes the run's processes in one line. Rank 0
 * calls this function while the other ranks call `measureExchange`.
 */
export async function describeRanks(
  communicator: Communicator,
  { replicas, accumulation, batchSize, exchange, values }: TuneOptions & { values: number },
): Promise<string> {
  const { size, hosts } = communicator;
  const seconds = exchangeSeconds(await measureExchange(communicator), 4 * values);
  const megabytes = ((exchange === 'bfloat16' ? 2 : 4) * values) / 1e6;
  const each = replicas / size;
  const who = `${size} ranks on ${hosts} ${hosts === 1 ? 'host' : 'hosts'}, ${each} ${each === 1 ? 'replica' : 'replicas'} each`;
  const update = `an update is ${replicas * accumulation} batches of ${batchSize / replicas} samples`;
  return `${who}; ${update}, and its exchange of ${twoDigits(megabytes)} MB takes ${twoDigits(seconds)} s`;
}

function twoDigits(value: number): number {
  return Number(value.toPrecision(2));
}

/**
 * Throws when the ranks do not resume from the same update. The likely cause is that the ranks do not share the
 * project's folder.
 */
export async function checkSameStart(communicator: Communicator, step: number): Promise<void> {
  const steps = (await communicator.gather(String(step))).map(Number);
  const other = steps.findIndex((theirs) => theirs !== steps[0]);
  if (other === -1) return;
  throw new InputError(
    `expected all ranks to go on from update ${steps[0]}, rank ${other} would from ${steps[other]}; is the project's folder shared by all hosts?`,
  );
}

/** Throws when a rank's weights differ from rank 0's. Training must not continue from diverged weights. */
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
