/** Options of a session and their translation into an OrtSessionOptions. */

import { InputError } from '../errors.ts';
import { check, create, ort } from './api.ts';
import { DEVICES, type Device, hasOwnMemory } from './device.ts';
import { environment } from './environment.ts';
import type { HostTensor } from './host-tensor.ts';
import type { Handle } from './library.ts';
import { disableMemoryReuse } from './memory-reuse.ts';
import { NativeHandle } from './native-handle.ts';

export type GraphOptimization = 'disabled' | 'basic' | 'extended' | 'all';

export interface SessionOptions {
  device?: Device;
  /** Number of threads that compute one operator; by default one for each physical core. */
  threads?: number;
  /** At levels above 'basic', the runtime fuses nodes, which may change the order of execution. */
  graphOptimization?: GraphOptimization;
  /**
   * Graph optimizers to disable, by the runtime's names. For example, `CommonSubexpressionElimination` undoes
   * recomputation.
   */
  disabledOptimizers?: readonly string[];
  /**
   * Entries of onnxruntime_session_options_config_keys.h, such as `session.intra_op.allow_spinning`. Unknown keys are
   * ignored.
   */
  configEntries?: Readonly<Record<string, string>>;
  /** Whether the runtime only throws errors and does not print them, for failures that the caller expects. */
  quiet?: boolean;
  /** Path to which the runtime writes the optimised graph. */
  optimizedModelPath?: string;
  /** Prefix of a profile's path; `Session.endProfiling` writes the profile. */
  profilePrefix?: string;
  /** Values of the model's external initializers; the runtime copies them. */
  initializers?: ReadonlyMap<string, HostTensor>;
  /**
   * Whether the session reads `initializers` in place during its lifetime. Sharing avoids a second copy, and changes to
   * the arrays take effect at the next run. With shared initializers the runtime cannot prepack weights: a matmul of
   * few rows is up to 2.7 times slower. Sharing works only on the CPU.
   */
  shareInitializers?: boolean;
  /**
   * Whether the device records the kernels of each binding's first run and replays them at later runs (graph capture).
   * With capture, a binding can have only device tensors, which cannot be replaced after the first run. Rejects when
   * the device cannot record the graph. The CPU records nothing, but the same rules apply to its bindings.
   */
  capture?: boolean;
}

const OPTIMIZATION_LEVELS: Readonly<Record<GraphOptimization, number>> = {
  disabled: 0,
  basic: 1,
  extended: 2,
  all: 99,
};

const LOG_FATAL = 4;
/** Environment variable that makes a device's session refuse a graph if any node would run on the CPU. */
const STRICT = 'HEED_STRICT_DEVICE';

/** Builds the native options; the caller releases them. */
export function createSessionOptions({
  device = 'cpu',
  threads,
  graphOptimization = 'basic',
  disabledOptimizers = [],
  configEntries = {},
  quiet = false,
  optimizedModelPath,
  profilePrefix,
  shareInitializers = false,
  capture = false,
}: SessionOptions): NativeHandle {
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new InputError(`session: expected a positive whole number of threads, got ${threads}`);
  }
  if (shareInitializers && hasOwnMemory(device)) {
    throw new Error(`session: expected a device with host memory to share initializers with, got ${device}`);
  }
  // Providers log while they are added, and the logger comes with the environment.
  environment();
  const handle = new NativeHandle('session options', create(ort.CreateSessionOptions), ort.ReleaseSessionOptions);
  const options = handle.pointer;
  try {
    check(ort.SetSessionGraphOptimizationLevel(options, OPTIMIZATION_LEVELS[graphOptimization]));
    if (threads !== undefined) check(ort.SetIntraOpNumThreads(options, threads));
    // With the arena, memory patterns raise peak memory 1.4 to 1.8 times.
    check(ort.DisableMemPattern(options));
    disableMemoryReuse(options);
    if (quiet) check(ort.SetSessionLogSeverityLevel(options, LOG_FATAL));
    if (optimizedModelPath !== undefined) check(ort.SetOptimizedModelFilePath(options, optimizedModelPath));
    if (profilePrefix !== undefined) check(ort.EnableProfiling(options, profilePrefix));
    // Not session.set_denormal_as_zero: it holds on one worker thread alone, and the bits would be those of the thread.
    const entries: Record<string, string> = {};
    if (shareInitializers) entries['session.disable_prepacking'] = '1';
    if (hasOwnMemory(device) && process.env[STRICT]) entries['session.disable_cpu_ep_fallback'] = '1';
    Object.assign(entries, configEntries);
    if (disabledOptimizers.length > 0) {
      entries['optimization.disable_specified_optimizers'] = disabledOptimizers.join(';');
    }
    for (const [key, value] of Object.entries(entries)) check(ort.AddSessionConfigEntry(options, key, value));
    appendDevice(options, { device, capture });
    return handle;
  } catch (error) {
    handle.release();
    throw error;
  }
}

function appendDevice(options: Handle, { device, capture }: { device: Device; capture: boolean }): void {
  try {
    const { append, capture: settings } = DEVICES[device];
    if (capture && settings === undefined && hasOwnMemory(device)) throw new Error('a device that captures no graphs');
    append(options, (capture && settings) || {});
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    // The message for a library that cannot be loaded contains source positions, and the same path twice.
    const short = reason.replace(/^ONNX Runtime: (?:.*\bFAIL : )?/, '').replace(/ with error: .*$/, '');
    throw new InputError(`device ${device}: expected ${DEVICES[device].needs}; got: ${short}`, {
      cause,
    });
  }
}
