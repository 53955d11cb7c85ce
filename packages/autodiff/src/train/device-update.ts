/**
 * The operations of a training step on a device: compute gradients of batches, add them, and compute the next state.
 * `eager-update.ts` allocates the results of each run; `captured-update.ts` has fixed buffers for graph capture.
 */
import type { Feed, InputSpec } from '../compile.ts';
import type { ParameterValues } from '../parameters.ts';
import type { Device } from '../runtime/index.ts';
import type { OptimizerOptions, OptimizerState } from './adamw.ts';
import type { DeviceBuffers } from './device-buffers.ts';
import type { GradientSource } from './device-optimizer.ts';
import type { DeviceSessions } from './device-sessions.ts';
import type { OptimizerScalar } from './optimizer-graph.ts';
import type { Packing } from './packing.ts';
import type { TracedTrainingStep } from './trace-training-step.ts';

export interface DeviceUpdateOptions<I extends string> {
  name: string;
  inputs: Record<I, InputSpec>;
  parameters: ParameterValues;
  device: Device;
  sessions: DeviceSessions;
  packing: Packing;
  step: TracedTrainingStep;
  state: OptimizerState;
  optimizer: OptimizerOptions;
  /** Undefined when the graph has no input for the loss scale. */
  lossScale: (() => number) | undefined;
}

export interface DeviceUpdate<I extends string> {
  /** Adds a batch's gradients to the sum; returns a function from a metric's name to the batch's value. */
  add(batch: Record<I, Feed>, options: { signal: AbortSignal | undefined }): Promise<(name: string) => number>;
  /**
   * The sum of the gradients so far, by buffer, and the number of batches in the sum. Undefined before the first batch.
   */
  sum(): { gradients: DeviceBuffers; batches: number } | undefined;
  /** Frees the sum. */
  reset(): void;
  /**
   * Computes the next state and the global gradient norm; `gradients` has one entry for each buffer. `accept` replaces
   * the state; `reject` keeps it. The caller holds the device's lock.
   */
  next(
    gradients: ReadonlyMap<string, GradientSource>,
    scalars: Readonly<Record<OptimizerScalar, number>>,
  ): Promise<{ norm: number; accept(): void; reject(): void }>;
  /** Copies the state into the host's arrays. */
  fetch(): Promise<void>;
  /** Bytes moved between the host's and the device's memory so far, without those of `fetch`. */
  bytesMoved(): { toDevice: number; toHost: number };
  dispose(): void;
}
