/**
 * The functions of ONNX Runtime's C API that heed calls, by their names in onnxruntime_c_api.h. The module also turns
 * the functions' statuses into errors.
 */
import {
  apiAddress,
  apiFunction,
  type Handle,
  type NativeArgument,
  type NativeFunction,
  OUT_POINTER as OUT,
} from './library.ts';

const P = 'void *';
const S = 'str';
/** Type of path arguments (ORTCHAR_T), which are UTF-16 on Windows. */
const PATH = process.platform === 'win32' ? 'str16' : 'str';
/** Parameter type for an array of strings; `HANDLES` is for an array of handles. */
const STRINGS = 'str *';
const HANDLES = 'void **';
const N = 'size_t';
const I = 'int';

const status = (index: number, ...parameters: Parameters<typeof apiFunction>[2]) => apiFunction(index, P, parameters);
const release = (index: number) => apiFunction(index, 'void', [P]);

const statuses = {
  GetErrorMessage: apiFunction(2, 'str', [P]) as unknown as (status: Handle) => string,
  ReleaseStatus: release(93),
};

const RUN_WITH_BINDING = 133;
/** The address of the C function RunWithBinding, which another thread calls. */
export const runWithBindingAddress: Handle = apiAddress(RUN_WITH_BINDING);

/**
 * Each row has a function's index in the struct OrtApi, then its parameters. All functions return a status except the
 * `Release` functions.
 */
export const ort = {
  CreateEnv: status(3, I, S, OUT),
  DisableTelemetryEvents: status(6, P),
  CreateAndRegisterAllocator: status(144, P, P, P),
  UnregisterAllocator: status(177, P, P),
  CreateArenaCfgV2: status(164, STRINGS, P, N, OUT),
  ReleaseArenaCfg: release(157),

  CreateSessionOptions: status(10, OUT),
  SetOptimizedModelFilePath: status(11, P, PATH),
  EnableProfiling: status(14, P, PATH),
  DisableMemPattern: status(17, P),
  DisableCpuMemArena: status(19, P),
  SetSessionLogSeverityLevel: status(22, P, I),
  SetSessionGraphOptimizationLevel: status(23, P, I),
  SetIntraOpNumThreads: status(24, P, I),
  AddSessionConfigEntry: status(130, P, S, S),
  AddInitializer: status(150, P, S, P),
  AddExternalInitializers: status(210, P, STRINGS, HANDLES, N),
  SessionOptionsAppendExecutionProvider: status(216, P, S, STRINGS, STRINGS, N),
  CreateCUDAProviderOptions: status(205, OUT),
  UpdateCUDAProviderOptions: status(206, P, STRINGS, STRINGS, N),
  SessionOptionsAppendExecutionProvider_CUDA_V2: status(204, P, P),
  ReleaseCUDAProviderOptions: release(208),
  ReleaseSessionOptions: release(100),

  CreateSessionFromArray: status(8, P, P, N, P, OUT),
  SessionGetInputCount: status(30, P, P),
  SessionGetOutputCount: status(31, P, P),
  SessionGetInputName: status(36, P, N, P, OUT),
  SessionGetOutputName: status(37, P, N, P, OUT),
  SessionEndProfiling: status(110, P, P, OUT),
  ReleaseSession: release(95),

  CreateRunOptions: status(39, OUT),
  RunOptionsSetTerminate: status(46, P),
  AddRunConfigEntry: status(165, P, S, S),
  ReleaseRunOptions: release(97),

  CreateTensorWithDataAsOrtValue: status(49, P, P, N, P, N, I, OUT),
  GetTensorMutableData: status(51, P, OUT),
  CopyTensors: status(386, P, HANDLES, HANDLES, P, N),
  GetTensorElementType: status(60, P, P),
  GetDimensionsCount: status(61, P, P),
  GetDimensions: status(62, P, P, N),
  GetTensorTypeAndShape: status(65, P, OUT),
  ReleaseTensorTypeAndShapeInfo: release(99),
  ReleaseValue: release(96),

  CreateMemoryInfo: status(68, S, I, I, I, OUT),
  CreateCpuMemoryInfo: status(69, I, I, OUT),
  AllocatorFree: status(76, P, P),
  GetAllocatorWithDefaultOptions: status(78, OUT),

  RunWithBinding: status(RUN_WITH_BINDING, P, P, P),
  CreateIoBinding: status(134, P, OUT),
  BindInput: status(136, P, S, P),
  BindOutput: status(137, P, S, P),
  BindOutputToDevice: status(138, P, S, P),
  GetBoundOutputValues: status(140, P, P, OUT, P),
  ReleaseIoBinding: release(135),
};

const OUT_OF_MEMORY = /failed to allocate memory|bad_alloc|bad allocation|out of memory/i;

/**
 * Throws an error with ONNX Runtime's message if a call returned a status that is not null, and frees the status. When
 * memory ran out, the error has the operating system's code for this.
 */
export function check(result: Handle | null): void {
  if (result === null) return;
  // A failed assertion's message begins with a position in the runtime's source; the readable part follows.
  const message = statuses
    .GetErrorMessage(result)
    .replace(/\s+/g, ' ')
    .replace(/^\/\S+\.(?:cc|h):\d+ .* was false\. /, '')
    .trim();
  statuses.ReleaseStatus(result);
  const error = new Error(`ONNX Runtime: ${message}`);
  throw OUT_OF_MEMORY.test(message) ? Object.assign(error, { code: 'ENOMEM' }) : error;
}

/** Calls a C function that writes one pointer through its last parameter, and returns that pointer. */
export function create(fn: NativeFunction, ...parameters: NativeArgument[]): Handle {
  const out: [Handle | null] = [null];
  check(fn(...parameters, out));
  return written(out);
}

/** Does the same as `create` on a thread of libuv's pool, so that the event loop stays free. */
export async function createAsync(fn: NativeFunction, ...parameters: NativeArgument[]): Promise<Handle> {
  const out: [Handle | null] = [null];
  await callAsync(fn, ...parameters, out);
  return written(out);
}

function written([pointer]: [Handle | null]): Handle {
  if (pointer === null) throw new Error('ONNX Runtime: expected a handle, got a null pointer');
  return pointer;
}

/**
 * Arguments of pending calls. koffi does not pin the arguments' memory, so this set prevents its garbage collection.
 */
const pending = new Set<readonly unknown[]>();

/** Calls a C function on a thread of libuv's pool; throws an error with ONNX Runtime's message if the call fails. */
export async function callAsync(fn: NativeFunction, ...parameters: NativeArgument[]): Promise<void> {
  pending.add(parameters);
  try {
    check(
      await new Promise<Handle | null>((resolve, reject) => {
        fn.async(...parameters, (error, result) => (error === null ? resolve(result) : reject(error)));
      }),
    );
  } finally {
    pending.delete(parameters);
  }
}

/** Calls a C function that writes one integer through its last parameter, and returns that integer. */
export function readCount(fn: NativeFunction, ...parameters: NativeArgument[]): number {
  const out = new BigInt64Array(1);
  check(fn(...parameters, out));
  return Number(out[0]);
}
