/**
 * Loads the ONNX Runtime library and hands out its C functions by their index in OrtApi. `library-path.ts` finds the
 * library; `api.ts` declares the functions.
 */
import koffi from 'koffi';
import { InputError } from '../errors.ts';
import { linkRuntime } from './cuda/link-runtime.ts';
import { cudaSite } from './cuda/site.ts';
import { libraryPath } from './library-path.ts';
import { forbidTelemetry } from './telemetry.ts';

/**
 * The function indices in `api.ts` come from onnxruntime_c_api.h at this version; later versions only append functions.
 */
const API_VERSION = 30;
const RUNTIME_VERSION = '1.30.0';
// koffi calls C on a separate stack; its default (128 KiB in async calls) is too small for the kernels: segfault.
export const STACK_BYTES = 8 << 20;

/** An opaque native pointer. */
export type Handle = bigint;
export type NativeArgument = Handle | null | number | string | ArrayBufferView | readonly string[] | (Handle | null)[];

/** A C function: called directly, or through `.async` on a thread of libuv's pool. */
export interface NativeFunction {
  (...parameters: NativeArgument[]): Handle | null;
  async(...parameters: [...NativeArgument[], (error: Error | null, result: Handle | null) => void]): void;
}

type TypeSpec = NonNullable<Parameters<typeof koffi.sizeof>[0]>;

/**
 * Enlarges the call stacks that koffi allocates, because ONNX Runtime's kernels need larger stacks. This function must
 * run before the first library is loaded.
 */
export function growStacks(): void {
  const current = koffi.config();
  const enough = (bytes: number | undefined) => (bytes ?? 0) >= STACK_BYTES;
  if (enough(current.sync_stack_size) && enough(current.async_stack_size)) return;
  try {
    koffi.config({ ...current, sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
  } catch (cause) {
    throw new InputError(
      `ONNX Runtime: expected to be loaded before any other native library, because koffi's stacks cannot grow later`,
      { cause },
    );
  }
}

function load() {
  growStacks();
  forbidTelemetry();
  const site = cudaSite();
  const path = site === undefined ? libraryPath() : linkRuntime(libraryPath(), site);
  const library = koffi.load(path);
  const base = library.func('OrtGetApiBase', 'void *', [])() as Handle;
  const [getApi, getVersionString] = koffi.decode(base, 'void *', 2) as [Handle, Handle];
  const version = koffi.decode(getVersionString, koffi.proto('str', []))() as string;
  if (version !== RUNTIME_VERSION) {
    throw new InputError(`ONNX Runtime: expected version ${RUNTIME_VERSION}, got ${version} (${path})`);
  }
  const table = koffi.decode(getApi, koffi.proto('void *', ['uint32_t']))(API_VERSION) as Handle | null;
  if (table === null) {
    throw new InputError(`ONNX Runtime ${version}: expected C API version ${API_VERSION}, but the library lacks it`);
  }
  return { library, table, version };
}

/**
 * The loaded library, exported so that this object stays reachable. koffi unloads a library whose object is
 * garbage-collected, and V8 collects a module-level constant that nothing refers to. @public
 */
export const loaded = load();

/** Returns the address of function number `index` of OrtApi. */
export function apiAddress(index: number): Handle {
  return koffi.decode(loaded.table, index * koffi.sizeof('void *'), 'void *') as Handle;
}

/** Returns function number `index` of OrtApi. */
export function apiFunction(index: number, result: TypeSpec, parameters: readonly TypeSpec[]): NativeFunction {
  // An unnamed prototype: koffi's names are global, a second evaluation of this module would collide.
  return koffi.decode(apiAddress(index), koffi.proto(result, [...parameters])) as unknown as NativeFunction;
}

/** Type of an output parameter into which a C function writes a pointer. */
export const OUT_POINTER: TypeSpec = koffi.out(koffi.pointer('void *')) as unknown as TypeSpec;

/** Reads `count` pointers from memory that C owns. */
export function readPointers(address: Handle, count: number): Handle[] {
  return koffi.decode(address, 'void *', count) as Handle[];
}

/** A view of memory that C owns, valid as long as that memory. */
export function viewMemory(address: Handle, bytes: number): Uint8Array {
  return new Uint8Array(koffi.view(address, bytes));
}

/** Reads a NUL-terminated string from memory that C owns. */
export function readString(address: Handle): string {
  return koffi.decode.string(address);
}

/** The library's own version. */
export const runtimeVersion: string = loaded.version;
