/** What a training step promises wherever it runs: its options, its results, its first state, what it does with NaN. */

import { checkParameters, type Feed, type InputSpec, inputName } from '../compile.ts';
import type { Communicator } from '../distributed/communicator.ts';
import { InputError } from '../errors.ts';
import type { ParameterScope, ParameterValues } from '../parameters.ts';
import type { Device, PrecisionOption } from '../runtime/index.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import type { OptimizerOptions, OptimizerState } from './adamw.ts';
import type { LossScale } from './loss-scale.ts';

export type Metrics = { loss: number } & Record<string, number>;

/** One batch, or as many as there are replicas. */
export type Batches<I extends string> = Record<I, Feed> | readonly Record<I, Feed>[];

export interface UpdateResult {
  /** Of the mean gradient, before clipping. */
  gradientNorm: number;
  /** 1 where loss or gradient was not finite and the weights are as they were; else 0. */
  skipped: number;
}

export interface TrainingStepOptions<I extends string> {
  name: string;
  inputs: Record<I, InputSpec>;
  parameters: ParameterValues;
  trainable?: (name: string) => boolean;
  loss: (p: ParameterScope, x: Record<I, Tensor>) => { loss: Tensor } & Record<string, Tensor>;
  optimizer?: OptimizerOptions;
  device?: Device;
  /** Of the computing; weights, moments and updates are float32. */
  precision?: PrecisionOption;
  threads?: number;
  replicas?: number;
  /** The other processes that train this model with other batches. All ranks must make the same calls. */
  communicator?: Communicator | undefined;
  state?: OptimizerState;
  /** Counts an update with a loss or gradient that is not finite and changes nothing, instead of throwing. */
  skipsNotFinite?: boolean;
}

export interface TrainingStep<I extends string> {
  /**
   * Loss, gradients and update. Where loss or gradient is not finite, no weight changes, and it throws. It sets
   * `skipped` instead with `skipsNotFinite`, and where float16 overflowed and a smaller loss scale may help.
   */
  step(
    feeds: Batches<I>,
    options: { learningRate: number; signal?: AbortSignal; stop?: boolean },
  ): Promise<Metrics & UpdateResult>;
  /**
   * Adds these batches' gradients to the buffers; `apply` then uses their mean. Returns the means over this rank's
   * batches.
   */
  accumulate(feeds: Batches<I>, options?: { signal?: AbortSignal }): Promise<Metrics>;
  /** Updates with the mean of what was accumulated on all ranks; returns the means of its metrics as well. */
  apply(options: { learningRate: number; stop?: boolean }): Promise<Metrics & UpdateResult>;
  /** True once a rank has passed `stop` to an update: all ranks see it after that same update. */
  isStopAsked(): boolean;
  /** Its `step` is always right; its arrays are so in host memory, and elsewhere after `fetchState`. */
  readonly state: OptimizerState;
  /** Copies weights, moments and averages from a device into the arrays of `state`. */
  fetchState(): Promise<OptimizerState>;
  /** What the loss is multiplied by before it is differentiated; 1 but for float16. */
  lossScale(): number;
  /**
   * Bytes that steps have moved between host memory and a device's own so far; what `fetchState` moves is not among
   * them.
   */
  bytesMoved(): { toDevice: number; toHost: number };
  dispose(): void;
}

/** The batches of one call; throws unless there is one for each replica. */
export function batchList<I extends string>(
  name: string,
  feeds: Batches<I>,
  replicas: number,
): readonly Record<I, Feed>[] {
  const batches = Array.isArray(feeds) ? (feeds as readonly Record<I, Feed>[]) : [feeds as Record<I, Feed>];
  if (batches.length !== replicas) {
    throw new Error(`${name}: expected a batch for each of ${replicas} replicas, got ${batches.length}`);
  }
  return batches;
}

/** The state to begin with: the given one, checked, or zero moments. */
export function initialState(
  name: string,
  { state, parameters, optimizer = {} }: Pick<TrainingStepOptions<string>, 'state' | 'parameters' | 'optimizer'>,
  trained: readonly Tensor[],
): OptimizerState {
  if (state === undefined) return freshState(parameters, trained, optimizer.emaDecay !== undefined);
  for (const moments of [state.firstMoment, state.secondMoment])
    checkParameters(`${name}, optimizer state`, trained, moments);
  return state;
}

/**
 * What becomes of an update with these gradients: the loss scale adapts, and where they are not finite it is skipped
 * and counted as a step, or refused with an error.
 */
export function updateResult(
  name: string,
  {
    state,
    scale,
    gradientNorm,
    loss,
    skipsNotFinite,
    culprit,
  }: {
    state: OptimizerState;
    scale: LossScale;
    gradientNorm: number;
    /** Of the worst batch. */
    loss: number;
    skipsNotFinite: boolean;
    /** The first parameter whose gradient is not finite. */
    culprit?: () => string | undefined;
  },
): UpdateResult {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) {
    scale.grow();
    return { gradientNorm, skipped: 0 };
  }
  if (scale.shrink() || skipsNotFinite) {
    state.step += 1;
    return { gradientNorm, skipped: 1 };
  }
  const named = culprit?.();
  const problem = Number.isFinite(loss)
    ? `expected finite gradients, got ${gradientNorm}${named === undefined ? '' : ` (${named})`}`
    : `expected a finite loss, got ${loss}`;
  throw new InputError(`${name}, update ${state.step + 1}: ${problem}`);
}

function freshState(parameters: ParameterValues, trained: readonly Tensor[], withEma: boolean): OptimizerState {
  const zeros = () =>
    new Map(trained.map((t) => [inputName(t), { shape: t.shape, data: new Float32Array(elementCount(t.shape)) }]));
  const state: OptimizerState = { step: 0, parameters, firstMoment: zeros(), secondMoment: zeros() };
  if (!withEma) return state;
  const ema = new Map(
    trained.map((t) => [inputName(t), { shape: t.shape, data: parameters.get(inputName(t))!.data.slice() }]),
  );
  return { ...state, ema };
}
