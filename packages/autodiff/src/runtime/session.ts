/**
 * Sessions and bindings: the owners of ONNX Runtime's native handles. Everything above sees named tensors over
 * typed arrays that the runtime reads and writes in place.
 */
import { ELEMENT_TYPE_CODES } from '../onnx/encode.ts';
import type { OnnxElementType } from '../onnx/model.ts';
import { elementCount, formatShape, type Shape } from '../tensor.ts';
import { callAsync, check, create, type Handle, ort } from './ort-api.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'directml';
export type HostArray = Float32Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array;

export interface HostTensor {
  type: OnnxElementType;
  shape: Shape;
  data: HostArray;
}

export interface SessionOptions {
  device?: Device;
  /** Threads within an operator; the runtime's choice (physical cores) when absent. */
  threads?: number;
  graphOptimization?: 'disabled' | 'basic' | 'extended' | 'all';
  /** Raises peak memory 1.4 to 1.8 times together with the arena. */
  memoryPattern?: boolean;
  cpuArena?: boolean;
  disabledOptimizers?: readonly string[];
  configEntries?: Readonly<Record<string, string>>;
  profilePrefix?: string;
}

const optimizationLevels = { disabled: 0, basic: 1, extended: 2, all: 99 };
const BYTES: Record<OnnxElementType, number> = { float32: 4, float16: 2, int64: 8, int32: 4, bool: 1, uint8: 1 };

/** How each device's execution provider is added; all but cpu and webgpu are untested. */
const executionProviders: Record<Device, string | undefined> = {
  cpu: undefined,
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  coreml: 'CoreML',
  directml: 'DML',
};

let environment: Handle;
const cpuMemory = () => {
  cachedCpuMemory ??= create((out) => ort.CreateCpuMemoryInfo(1, 0, out));
  return cachedCpuMemory;
};
let cachedCpuMemory: Handle;

/** Loads a model off the event loop. Throws the runtime's sentence when the graph or the device is refused. */
export async function createSession(
  model: Uint8Array,
  {
    device = 'cpu',
    threads,
    graphOptimization = 'basic',
    memoryPattern = false,
    cpuArena = true,
    disabledOptimizers = [],
    configEntries = {},
    profilePrefix,
  }: SessionOptions = {},
): Promise<Session> {
  environment ??= create((out) => ort.CreateEnv(3, 'heed', out));
  const options = create((out) => ort.CreateSessionOptions(out));
  try {
    check(ort.SetSessionGraphOptimizationLevel(options, optimizationLevels[graphOptimization]));
    if (threads !== undefined) check(ort.SetIntraOpNumThreads(options, threads));
    if (!memoryPattern) check(ort.DisableMemPattern(options));
    if (!cpuArena) check(ort.DisableCpuMemArena(options));
    if (profilePrefix !== undefined) check(ort.EnableProfiling(options, profilePrefix));
    const entries: Record<string, string> = { 'session.set_denormal_as_zero': '1', ...configEntries };
    if (disabledOptimizers.length > 0)
      entries['optimization.disable_specified_optimizers'] = disabledOptimizers.join(';');
    for (const [key, value] of Object.entries(entries)) check(ort.AddSessionConfigEntry(options, key, value));
    const provider = executionProviders[device];
    if (provider) check(ort.SessionOptionsAppendExecutionProvider(options, provider, [], [], 0));
    const out: [Handle] = [null];
    check(await callAsync(ort.CreateSessionFromArray, environment, model, model.byteLength, options, out));
    return new Session(out[0]);
  } finally {
    ort.ReleaseSessionOptions(options);
  }
}

/** Owns one OrtSession. */
export class Session {
  #handle: Handle;
  readonly #bindings = new Set<Binding>();

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** A set of bound inputs and outputs; it ends with its session. */
  createBinding(): Binding {
    if (!this.#handle) throw new Error('session: expected an open session, got a disposed one');
    const binding = new Binding(this.#handle);
    this.#bindings.add(binding);
    return binding;
  }

  /** Frees the native session; safe to call twice. Throws while a run is pending. */
  dispose(): void {
    for (const binding of this.#bindings) binding.dispose();
    this.#bindings.clear();
    if (this.#handle) ort.ReleaseSession(this.#handle);
    this.#handle = null;
  }
}

/** Owns one OrtIoBinding, its values, and keeps the bound arrays alive. */
export class Binding {
  readonly #session: Handle;
  #handle: Handle;
  readonly #runOptions: Handle;
  readonly #inputs = new Map<string, { value: Handle; data: HostArray }>();
  readonly #outputs = new Map<string, { value: Handle; data: HostArray }>();
  #running = false;

  constructor(session: Handle) {
    this.#session = session;
    this.#handle = create((out) => ort.CreateIoBinding(session, out));
    this.#runOptions = create((out) => ort.CreateRunOptions(out));
  }

  /** Reads `tensor.data` at each run, without a copy. */
  bindInput(name: string, tensor: HostTensor): void {
    this.#bind(this.#inputs, name, tensor, (value) => ort.BindInput(this.#handle, name, value));
  }

  /** Writes into `tensor.data` at each run, without a copy. */
  bindOutput(name: string, tensor: HostTensor): void {
    this.#bind(this.#outputs, name, tensor, (value) => ort.BindOutput(this.#handle, name, value));
  }

  /** Runs off the event loop; an aborted signal ends it between two nodes and rejects with the signal's reason. */
  async run({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#check();
    signal?.throwIfAborted();
    const terminate = () => check(ort.RunOptionsSetTerminate(this.#runOptions));
    signal?.addEventListener('abort', terminate, { once: true });
    this.#running = true;
    try {
      const status = await callAsync(ort.RunWithBinding, this.#session, this.#runOptions, this.#handle);
      if (signal?.aborted && status) {
        try {
          check(status);
        } catch {
          signal.throwIfAborted();
        }
      }
      check(status);
    } finally {
      this.#running = false;
      signal?.removeEventListener('abort', terminate);
      if (signal?.aborted) check(ort.RunOptionsUnsetTerminate(this.#runOptions));
    }
  }

  dispose(): void {
    if (!this.#handle) return;
    if (this.#running) throw new Error('binding: expected no pending run at dispose, got one');
    ort.ReleaseIoBinding(this.#handle);
    ort.ReleaseRunOptions(this.#runOptions);
    for (const { value } of [...this.#inputs.values(), ...this.#outputs.values()]) ort.ReleaseValue(value);
    this.#handle = null;
  }

  #bind(
    table: Map<string, { value: Handle; data: HostArray }>,
    name: string,
    tensor: HostTensor,
    bind: (value: Handle) => Handle,
  ): void {
    this.#check();
    const known = table.get(name);
    if (known && known.data === tensor.data) return;
    const { type, shape, data } = tensor;
    if (data.byteLength !== elementCount(shape) * BYTES[type]) {
      const expected = `${elementCount(shape) * BYTES[type]} bytes for ${type} ${formatShape(shape)}`;
      throw new Error(`binding of ${name}: expected ${expected}, got ${data.byteLength}`);
    }
    const dimensions = offHeap(BigInt64Array.from(shape, BigInt));
    offHeap(data);
    const value = create((out) =>
      ort.CreateTensorWithDataAsOrtValue(
        cpuMemory(),
        data,
        data.byteLength,
        dimensions,
        shape.length,
        ELEMENT_TYPE_CODES[type],
        out,
      ),
    );
    check(bind(value));
    if (known) ort.ReleaseValue(known.value);
    table.set(name, { value, data });
  }

  #check(): void {
    if (!this.#handle) throw new Error('binding: expected an open binding, got a disposed one');
    if (this.#running) throw new Error('binding: expected no pending run, got one');
  }
}

/**
 * V8 keeps typed arrays of up to 64 bytes inside its own heap, where the collector moves them; asking for their
 * buffer moves the numbers out for good, so that a native pointer to them stays valid.
 */
function offHeap<T extends HostArray>(array: T): T {
  if (array.buffer.byteLength < array.byteLength) throw new Error('typed array: expected a buffer that holds it');
  return array;
}
