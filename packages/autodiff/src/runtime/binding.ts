/** A binding has the arrays that a session reads and writes; its method `run` runs the session on these arrays. */
import { sameShape } from '../tensor.ts';
import { callAsync, check, create, ort } from './api.ts';
import { DEVICES, type Device } from './device.ts';
import { DeviceTensor } from './device-tensor.ts';
import { callOnDevice, releaseOnDevice } from './device-turns.ts';
import { defaultAllocator, memoryInfo } from './environment.ts';
import { checkHostTensor, type HostTensor, hostValue } from './host-tensor.ts';
import { type Handle, readPointers } from './library.ts';
import { NativeHandle } from './native-handle.ts';
import { runOnThread } from './run-thread.ts';

interface HostInput {
  /** The bound tensor, kept alive because the runtime holds the address of its array. */
  readonly tensor: HostTensor;
  readonly frozen: boolean;
  /** Whether the next run must first upload the array to the device. */
  stale: boolean;
}

/**
 * Owns one OrtIoBinding. A binding keeps its arrays alive and makes no copies. All methods throw while a run is pending
 * and after disposal.
 */
export class Binding {
  readonly #session: NativeHandle;
  readonly #handle: NativeHandle;
  readonly #inputNames: ReadonlySet<string>;
  readonly #outputNames: ReadonlySet<string>;
  readonly #device: Device;
  readonly #onDispose: () => void;
  readonly #hostInputs = new Map<string, HostInput>();
  /** Outputs in the order in which they were first bound, as ONNX Runtime's GetBoundOutputValues returns them. */
  readonly #outputs = new Map<string, HostTensor | DeviceTensor | 'device'>();
  readonly #moved = { toDevice: 0, toHost: 0 };
  /** The number of the captured graph within the session; undefined without capture. */
  readonly #graph: number | undefined;
  /** True once the run that captures the graph has started; this run fixes the addresses of the bound tensors. */
  #isCaptured = false;

  /** Bindings are made by `Session.createBinding`. */
  constructor(owner: {
    session: NativeHandle;
    inputs: readonly string[];
    outputs: readonly string[];
    device: Device;
    graph: number | undefined;
    onDispose: () => void;
  }) {
    this.#session = owner.session;
    this.#inputNames = new Set(owner.inputs);
    this.#outputNames = new Set(owner.outputs);
    this.#device = owner.device;
    this.#graph = owner.graph;
    this.#onDispose = owner.onDispose;
    this.#handle = new NativeHandle(
      'binding',
      create(ort.CreateIoBinding, owner.session.pointer),
      releaseOnDevice(owner.device, ort.ReleaseIoBinding),
    );
  }

  /**
   * Binds an input. Each run reads a host tensor's array: in place on the CPU, by an upload on other devices. With
   * `frozen`, only the first run uploads the array. The caller may dispose of a device tensor after binding it.
   */
  bindInput(name: string, tensor: HostTensor | DeviceTensor, { frozen = false }: { frozen?: boolean } = {}): void {
    this.#checkIdle();
    this.#checkCapture(tensor);
    checkName('input', name, this.#inputNames);
    if (tensor instanceof DeviceTensor) {
      check(ort.BindInput(this.#handle.pointer, name, tensor.pointer));
      this.#hostInputs.delete(name);
      return;
    }
    const known = this.#hostInputs.get(name);
    if (known && this.#deviceMemory === undefined && isSame(known.tensor, tensor)) return;
    checkHostTensor(`input ${name}`, tensor);
    const { type, shape, data } = tensor;
    const input = { tensor: { type, shape, data }, frozen, stale: true };
    if (this.#deviceMemory === undefined) this.#handOver(name, input);
    this.#hostInputs.set(name, input);
  }

  /**
   * Binds an output to an array, or to memory of the device, that each run overwrites in place. On the CPU this array
   * may also be bound as an input, if every node that reads the input precedes the node that writes the output.
   */
  bindOutput(name: string, tensor: HostTensor | DeviceTensor): void {
    this.#checkIdle();
    this.#checkCapture(tensor);
    checkName('output', name, this.#outputNames);
    const known = this.#outputs.get(name);
    if (tensor instanceof DeviceTensor) {
      check(ort.BindOutput(this.#handle.pointer, name, tensor.pointer));
      this.#outputs.set(name, tensor);
      return;
    }
    if (known && known !== 'device' && !(known instanceof DeviceTensor) && isSame(known, tensor)) return;
    const value = hostValue(`output ${name}`, tensor);
    try {
      check(ort.BindOutput(this.#handle.pointer, name, value.pointer));
      const { type, shape, data } = tensor;
      this.#outputs.set(name, { type, shape, data });
    } finally {
      // The binding shares the value, so only the array must be kept.
      value.release();
    }
  }

  /** Lets each run allocate this output on the session's device; `deviceOutputs` returns it. */
  bindOutputToDevice(name: string): void {
    this.#checkIdle();
    this.#checkCapture(undefined);
    checkName('output', name, this.#outputNames);
    this.#emptyDeviceOutput(name);
    this.#outputs.set(name, 'device');
  }

  /** Returns the last run's outputs that `bindOutputToDevice` has bound. The caller disposes of each tensor. */
  deviceOutputs(): Map<string, DeviceTensor> {
    this.#checkIdle();
    const tensors = new Map<string, DeviceTensor>();
    const pointers = boundOutputValues(this.#handle.pointer);
    if (pointers.length === 0) return tensors;
    for (const [index, [name, target]] of [...this.#outputs].entries()) {
      const pointer = pointers[index]!;
      if (target === 'device') tensors.set(name, new DeviceTensor(pointer, { device: this.#device }));
      else ort.ReleaseValue(pointer);
    }
    return tensors;
  }

  /** Releases the last run's outputs on the device without waiting for the next run. */
  releaseDeviceOutputs(): void {
    this.#checkIdle();
    for (const [name, target] of this.#outputs) if (target === 'device') this.#emptyDeviceOutput(name);
  }

  /**
   * Runs the session off the event loop. An abort ends the run between two nodes and rejects with the signal's reason
   * (an AbortError unless the caller gave another); outputs are then undefined.
   */
  async run({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#checkIdle();
    signal?.throwIfAborted();
    for (const [name, input] of this.#hostInputs) if (input.stale) this.#handOver(name, input);
    // A run would overwrite the previous run's tensors, which may now be its inputs.
    for (const [name, target] of this.#outputs) if (target === 'device') this.#emptyDeviceOutput(name);
    const options = new NativeHandle('run options', create(ort.CreateRunOptions), ort.ReleaseRunOptions);
    const terminate = () => check(ort.RunOptionsSetTerminate(options.pointer));
    const holds = [this.#session.hold(), this.#handle.hold(), options.hold()];
    signal?.addEventListener('abort', terminate, { once: true });
    try {
      const handles = [this.#session.pointer, options.pointer, this.#handle.pointer];
      await callOnDevice(this.#device, async () => {
        if (this.#graph === undefined) return callAsync(ort.RunWithBinding, ...handles);
        check(ort.AddRunConfigEntry(options.pointer, 'gpu_graph_id', String(this.#graph)));
        this.#isCaptured = true;
        check(await runOnThread(handles));
      });
      if (this.#deviceMemory !== undefined) {
        for (const target of this.#outputs.values()) {
          if (target !== 'device' && !(target instanceof DeviceTensor)) this.#moved.toHost += target.data.byteLength;
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', terminate);
      for (const hold of holds) hold[Symbol.dispose]();
      options.release();
    }
  }

  /** Bytes that runs have moved between host and device memory; zero on a device that uses host memory. */
  get bytesMoved(): { toDevice: number; toHost: number } {
    return { ...this.#moved };
  }

  /**
   * Frees the binding and drops its references to arrays; a second call does nothing. Throws while a run is pending.
   */
  dispose(): void {
    this.#handle.release();
    this.#hostInputs.clear();
    this.#outputs.clear();
    this.#onDispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #handOver(name: string, input: HostInput): void {
    const value = hostValue(`input ${name}`, input.tensor);
    try {
      check(ort.BindInput(this.#handle.pointer, name, value.pointer));
    } finally {
      value.release();
    }
    if (this.#deviceMemory !== undefined) this.#moved.toDevice += input.tensor.data.byteLength;
    input.stale = this.#deviceMemory !== undefined && !input.frozen;
  }

  #emptyDeviceOutput(name: string): void {
    check(ort.BindOutputToDevice(this.#handle.pointer, name, memoryInfo(this.#deviceMemory)));
  }

  get #deviceMemory(): string | undefined {
    return DEVICES[this.#device].memory;
  }

  #checkCapture(tensor: HostTensor | DeviceTensor | undefined): void {
    if (this.#graph === undefined) return;
    if (this.#isCaptured) throw new Error('binding: expected the addresses of a captured graph to stay, got another');
    if (!(tensor instanceof DeviceTensor)) throw new Error('binding: expected device tensors for capture, got another');
  }

  #checkIdle(): void {
    if (this.#handle.isHeld) throw new Error('binding: expected no pending run, got one');
    // Reading the pointers throws if either was disposed of.
    void this.#session.pointer;
    void this.#handle.pointer;
  }
}

/** New OrtValues that share the outputs of the last run, in the order of first binding. */
function boundOutputValues(binding: Handle): Handle[] {
  const out: [Handle | null] = [null];
  const count = new BigInt64Array(1);
  check(ort.GetBoundOutputValues(binding, defaultAllocator(), out, count));
  if (out[0] === null) return [];
  const pointers = readPointers(out[0], Number(count[0]));
  check(ort.AllocatorFree(defaultAllocator(), out[0]));
  return pointers;
}

function isSame(a: HostTensor, b: HostTensor): boolean {
  return a.data === b.data && a.type === b.type && sameShape(a.shape, b.shape);
}

function checkName(kind: string, name: string, known: ReadonlySet<string>): void {
  if (known.has(name)) return;
  throw new Error(
    `${kind} ${name}: expected one of the model's ${known.size} ${kind}s (${[...known].slice(0, 20).join(', ')})`,
  );
}
