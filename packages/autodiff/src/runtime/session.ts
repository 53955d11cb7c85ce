/** Sessions: models compiled for a device. */
import { check, create, createAsync, ort, readCount } from './api.ts';
import { withOwnArena } from './arena.ts';
import { Binding } from './binding.ts';
import { type Device, hasOwnMemory } from './device.ts';
import { callOnDevice, releaseOnDevice, takeTurn } from './device-turns.ts';
import { defaultAllocator, environment } from './environment.ts';
import { type LentTensor, withInitializers } from './initializers.ts';
import { type Handle, type NativeFunction, readString } from './library.ts';
import { NativeHandle } from './native-handle.ts';
import { createSessionOptions, type SessionOptions } from './session-options.ts';

/**
 * Loads an encoded model (`encodeModel`) off the event loop; on a device with its own memory, the caller waits for the
 * device's mutex. Rejects with ONNX Runtime's message when the runtime refuses the model or the device. `model` is not
 * needed afterwards.
 */
export async function createSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const { device = 'cpu', initializers = new Map(), shareInitializers: share = false, capture = false } = options;
  return takeTurn(device, async () => {
    const native = createSessionOptions(options);
    const make = () =>
      withInitializers(native.pointer, initializers, { share }, () =>
        createAsync(ort.CreateSessionFromArray, environment(), model, model.byteLength, native.pointer),
      );
    try {
      const { created, lent } = await callOnDevice(device, () => withOwnArena(native.pointer, make));
      return new Session(created, { device, lent, capture });
    } finally {
      native.release();
    }
  });
}

/**
 * Sessions to dispose of before the process ends. Work queued on the device continues after a run. If the driver is
 * unloaded during this work, the process can crash.
 */
const openOnDevices = new Set<Session>();

process.on('exit', () => {
  // This handler cannot wait for a pending run.
  for (const session of openOnDevices) if (!session.isRunning) session.dispose();
});

/** Owns one OrtSession and the bindings made from it. */
export class Session {
  readonly device: Device;
  /**
   * Names of a model's inputs and outputs, in order: inputs that a binding must provide, and outputs that it may take.
   */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #handle: NativeHandle;
  readonly #lent: readonly LentTensor[];
  readonly #bindings = new Set<Binding>();
  readonly #captures: boolean;
  #captured = 0;

  /** Takes ownership of `pointer` and `lent`; `createSession` creates sessions. */
  constructor(
    pointer: Handle,
    { device, lent, capture }: { device: Device; lent: readonly LentTensor[]; capture: boolean },
  ) {
    this.device = device;
    this.#lent = lent;
    this.#captures = capture;
    this.#handle = new NativeHandle('session', pointer, releaseOnDevice(device, ort.ReleaseSession));
    this.inputs = readNames(pointer, ort.SessionGetInputCount, ort.SessionGetInputName);
    this.outputs = readNames(pointer, ort.SessionGetOutputCount, ort.SessionGetOutputName);
    if (hasOwnMemory(device)) openOnDevices.add(this);
  }

  /**
   * Creates a binding: a set of inputs and outputs for the session's runs. Bindings of one session may run at the same
   * time. With `capture`, each binding has its own captured graph, and the bindings run one after another.
   */
  createBinding(): Binding {
    if (this.#captures) this.#captured += 1;
    const binding = new Binding({
      session: this.#handle,
      inputs: this.inputs,
      outputs: this.outputs,
      device: this.device,
      graph: this.#captures ? this.#captured : undefined,
      onDispose: () => this.#bindings.delete(binding),
    });
    this.#bindings.add(binding);
    return binding;
  }

  /** Whether a run of one of the session's bindings is pending. */
  get isRunning(): boolean {
    return this.#handle.isHeld;
  }

  /** Writes the profile asked for with `profilePrefix` and returns its path. */
  endProfiling(): string {
    const path = create(ort.SessionEndProfiling, this.#handle.pointer, defaultAllocator());
    return takeString(path);
  }

  /**
   * Frees the session and its bindings; a second call does nothing. Throws, and frees nothing, while a run is pending.
   */
  dispose(): void {
    if (this.#handle.isReleased) return;
    if (this.#handle.isHeld) this.#handle.release();
    for (const binding of [...this.#bindings]) binding.dispose();
    this.#handle.release();
    for (const { value } of this.#lent) value.release();
    openOnDevices.delete(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function readNames(session: Handle, count: NativeFunction, name: NativeFunction): string[] {
  return Array.from({ length: readCount(count, session) }, (_, index) =>
    takeString(create(name, session, index, defaultAllocator())),
  );
}

/** Reads a string that the runtime allocated, and frees it. */
function takeString(address: Handle): string {
  const text = readString(address);
  check(ort.AllocatorFree(defaultAllocator(), address));
  return text;
}
