/** The contract of a training step on any device: options, results, initial state, and handling of NaN. */

import { checkParameters, type Feed, type InputSpec, inputName } from '../compile.ts';
import type { Communicator } from '../distributed/communicator.ts';
import { InputError } from '../errors.ts';
import type { ParameterScope, ParameterValues } from '../parameters.ts';
import type { Device, PrecisionOption } from '../runtime/index.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import type { OptimizerOptions, OptimizerState } from './adamw.ts';
import type { LossScale } from './loss-scale.ts';

export type Metrics = { loss: number } & Record<string, number>;

/** One batch, or a list with one batch for each replica. */
export type Batches<I extends string> = Record<I, Feed> | readonly Record<I, Feed>[];

export interface UpdateResult {
  /** Global norm of the mean gradient, before clipping. */
  gradientNorm: number;
  /** 1 if loss or gradient was not finite, so that the weights did not change; else 0. */
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
  /** Precision of the forward and backward pass. Weights, moments and updates are float32. */
  precision?: PrecisionOption;
  threads?: number;
  replicas?: number;
  /**
   * Connects the processes (ranks) that train this model together, each on other batches. All ranks must make the same
   * calls.
   */
  communicator?: Communicator | undefined;
  state?: OptimizerState;
  /** Whether to skip and count an update with a non-finite loss or gradient, instead of throwing. */
  skipsNotFinite?: boolean;
  /**
   * Whether CUDA captures the update's graphs and replays them, so that the host does not start each kernel. The
   * buffers then keep their addresses. The option has no effect on the CPU.
   */
  captureGraph?: boolean | undefined;
  /** Called with a sentence when the device refuses to capture; updates then run node by node. */
  onCaptureRefused?: ((sentence: string) => void) | undefined;
}

export interface TrainingStep<I extends string> {
  /**
   * Computes loss and gradients and updates the weights. If loss or gradient is not finite, no weight changes and the
   * step throws. With `skipsNotFinite`, or when float16 overflowed and a smaller loss scale may help, the step returns
   * `skipped: 1` and does not throw.
   */
  step(
    feeds: Batches<I>,
    options: { learningRate: number; signal?: AbortSignal; stop?: boolean },
  ): Promise<Metrics & UpdateResult>;
  /**
   * Adds these batches' gradients to the accumulated gradients; `apply` then uses the mean of all accumulated
   * gradients. Returns the means of the metrics over this rank's batches.
   */
  accumulate(feeds: Batches<I>, options?: { signal?: AbortSignal }): Promise<Metrics>;
  /**
   * Updates the weights with the mean of all accumulated gradients over all ranks. Returns the means of the metrics as
   * well.
   */
  apply(options: { learningRate: number; stop?: boolean }): Promise<Metrics & UpdateResult>;
  /** Whether any rank has passed `stop` to an update. All ranks see the request to stop after the same update. */
  isStopAsked(): boolean;
  /**
   * The state. `step` is always current. In host memory the arrays of the state are always current; on a device, only
   * after `fetchState`.
   */
  readonly state: OptimizerState;
  /** Copies weights, moments and averages from a device into the arrays of `state`. */
  fetchState(): Promise<OptimizerState>;
  /** The factor on the loss before differentiation; 1 except for float16. */
  lossScale(): number;
  /**
   * Bytes that steps have moved so far between host memory and device memory. Transfers of `fetchState` are not
   * included.
   */
  bytesMoved(): { toDevice: number; toHost: number };
  dispose(): void;
}

/** Returns the batches of one call as a list. Throws unless there is one batch for each replica. */
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

/** Returns the initial state: the given state after checks, or a state with zero moments. */
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
 * Decides whether these gradients may update the weights. The loss scale adapts. If the gradients are not finite, the
 * update is skipped and counted as a step, or the function throws.
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
    /** The worst loss of the batches: a non-finite loss if a batch has one. */
    loss: number;
    skipsNotFinite: boolean;
    /** Returns the name of the first parameter whose gradient is not finite. */
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
