/**
 * ONNX Runtime's C API, called through koffi on the shared library that onnxruntime-node ships.
 * Only the functions heed uses; the OrtApi table is append-only, so an index never changes its meaning.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi from 'koffi';

const API_VERSION = 22;
const EXPECTED_RUNTIME = '1.30';

// koffi runs the callee on a stack of its own; its default is too small for the kernels.
koffi.config({ ...koffi.config(), sync_stack_size: 8 << 20, async_stack_size: 8 << 20 });

/** A C function: called directly, or on a thread of libuv's pool. */
export interface NativeFunction {
  (...parameters: unknown[]): Handle;
  async: (...parameters: unknown[]) => void;
}

/** An opaque native pointer. */
export type Handle = unknown;

const libraryNames: Record<string, string> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

function libraryPath(): string {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const path = join(root, 'bin', 'napi-v6', process.platform, process.arch, libraryNames[process.platform] ?? '');
  if (!existsSync(path)) {
    throw new Error(
      `ONNX Runtime: expected a build for ${process.platform}/${process.arch} at ${path}, but there is none`,
    );
  }
  return path;
}

// Exported to stay reachable: koffi unloads a library when its object is collected, also from a module's scope.
export const library = koffi.load(libraryPath());

const OrtApiBase = koffi.struct('OrtApiBase', { GetApi: 'void *', GetVersionString: 'void *' });
const base = koffi.decode(library.func('const void *OrtGetApiBase()')(), OrtApiBase) as {
  GetApi: Handle;
  GetVersionString: Handle;
};
const version = koffi.decode(base.GetVersionString, koffi.proto('const char *OrtGetVersionString()'))() as string;
if (!version.startsWith(`${EXPECTED_RUNTIME}.`))
  throw new Error(`ONNX Runtime: expected version ${EXPECTED_RUNTIME}, got ${version}`);
const table = koffi.decode(base.GetApi, koffi.proto('const void *OrtGetApi(uint32_t version)'))(API_VERSION) as Handle;
if (!table) throw new Error(`ONNX Runtime ${version}: expected API version ${API_VERSION}, but the library lacks it`);

/** The library's version, as it says itself. */
export const runtimeVersion: string = version;

function lookup(index: number, prototype: string): NativeFunction {
  const pointer = koffi.decode(table, index * 8, 'void *');
  return koffi.decode(pointer, koffi.proto(prototype)) as unknown as NativeFunction;
}

const getErrorMessage = lookup(2, 'const char *OrtGetErrorMessage(const void *status)');
const releaseStatus = lookup(93, 'void OrtReleaseStatus(void *status)');

/** Throws the runtime's own message when a call did not return a null status. */
export function check(status: Handle): void {
  if (!status) return;
  const message = String(getErrorMessage(status));
  releaseStatus(status);
  throw new Error(`ONNX Runtime: ${message.replace(/\s+/g, ' ').trim()}`);
}

/** The functions by their names in onnxruntime_c_api.h. */
export const ort = {
  CreateEnv: lookup(3, 'void *OrtCreateEnv(int level, const char *id, _Out_ void **env)'),
  CreateSessionFromArray: lookup(
    8,
    'void *OrtCreateSessionFromArray(void *env, const void *data, size_t length, void *options, _Out_ void **session)',
  ),
  CreateSessionOptions: lookup(10, 'void *OrtCreateSessionOptions(_Out_ void **options)'),
  EnableProfiling: lookup(14, 'void *OrtEnableProfiling(void *options, const char *prefix)'),
  DisableMemPattern: lookup(17, 'void *OrtDisableMemPattern(void *options)'),
  DisableCpuMemArena: lookup(19, 'void *OrtDisableCpuMemArena(void *options)'),
  SetSessionGraphOptimizationLevel: lookup(23, 'void *OrtSetSessionGraphOptimizationLevel(void *options, int level)'),
  SetIntraOpNumThreads: lookup(24, 'void *OrtSetIntraOpNumThreads(void *options, int threads)'),
  CreateRunOptions: lookup(39, 'void *OrtCreateRunOptions(_Out_ void **options)'),
  RunOptionsSetTerminate: lookup(46, 'void *OrtRunOptionsSetTerminate(void *options)'),
  RunOptionsUnsetTerminate: lookup(47, 'void *OrtRunOptionsUnsetTerminate(void *options)'),
  CreateTensorWithDataAsOrtValue: lookup(
    49,
    'void *OrtCreateTensorWithData(void *info, void *data, size_t bytes, const int64_t *shape, size_t rank, int type, _Out_ void **value)',
  ),
  CreateMemoryInfo: lookup(
    68,
    'void *OrtCreateMemoryInfo(const char *name, int allocator, int id, int kind, _Out_ void **info)',
  ),
  CreateCpuMemoryInfo: lookup(69, 'void *OrtCreateCpuMemoryInfo(int allocator, int kind, _Out_ void **info)'),
  AddSessionConfigEntry: lookup(
    130,
    'void *OrtAddSessionConfigEntry(void *options, const char *key, const char *value)',
  ),
  RunWithBinding: lookup(133, 'void *OrtRunWithBinding(void *session, void *run_options, void *binding)'),
  CreateIoBinding: lookup(134, 'void *OrtCreateIoBinding(void *session, _Out_ void **binding)'),
  BindInput: lookup(136, 'void *OrtBindInput(void *binding, const char *name, void *value)'),
  BindOutput: lookup(137, 'void *OrtBindOutput(void *binding, const char *name, void *value)'),
  SessionOptionsAppendExecutionProvider: lookup(
    216,
    'void *OrtAppendExecutionProvider(void *options, const char *name, const char **keys, const char **values, size_t count)',
  ),
  ReleaseSession: lookup(95, 'void OrtReleaseSession(void *session)'),
  ReleaseValue: lookup(96, 'void OrtReleaseValue(void *value)'),
  ReleaseRunOptions: lookup(97, 'void OrtReleaseRunOptions(void *options)'),
  ReleaseSessionOptions: lookup(100, 'void OrtReleaseSessionOptions(void *options)'),
  ReleaseIoBinding: lookup(135, 'void OrtReleaseIoBinding(void *binding)'),
};

/** Calls a function that returns a status and writes one handle. */
export function create(make: (out: [Handle]) => Handle): Handle {
  const out: [Handle] = [null];
  check(make(out));
  return out[0];
}

/** Calls on a thread of libuv's pool, so that the event loop stays free. */
export function callAsync(fn: NativeFunction, ...parameters: unknown[]): Promise<Handle> {
  return new Promise((resolve, reject) => {
    fn.async(...parameters, (error: unknown, result: unknown) => {
      // koffi pins nothing: the callback holds arrays that only the native side still uses until the call is over.
      parameters.length = 0;
      if (error) reject(error);
      else resolve(result);
    });
  });
}
