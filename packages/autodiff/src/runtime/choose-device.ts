/** Chooses where to compute: CUDA if it is complete, else WebGPU on a fast GPU, else the CPU. */
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxGraph } from '../onnx/model.ts';
import { describeCuda } from './cuda/preload.ts';
import type { Device } from './device.ts';
import { takeTurn } from './device-turns.ts';
import { createSession } from './session.ts';

export interface DeviceChoice {
  readonly device: Device;
  /** The reason for the choice: what was found, and what the preferred devices lack. */
  readonly why: string;
}

/** Functions with which `chooseDevice` probes the devices; tests replace these functions. */
export interface DeviceProbes {
  /** Describes the CUDA installation; throws an error that names what is missing. */
  readonly cuda: () => string;
  /** Seconds for a fixed amount of work; rejects when the device is not available. */
  readonly seconds: (device: Device) => Promise<number>;
}

/**
 * WebGPU is chosen only if it computes at least this many times as fast as the CPU. WebGPU also runs on software
 * drivers, which are slower than the CPU.
 */
const LEAST_SPEEDUP = 2;
/** The speed probe computes `PRODUCTS` matrix products in sequence, of square matrices with `SIDE` rows: 3.6 GFLOP. */
const PRODUCTS = 4;
const SIDE = 768;

/**
 * Chooses the device for `auto`. The function checks CUDA without a session, and compares WebGPU with the CPU on a
 * matrix product.
 */
export async function chooseDevice(
  { cuda, seconds }: DeviceProbes = { cuda: describeCuda, seconds: secondsOf },
): Promise<DeviceChoice> {
  const missing: string[] = [];
  try {
    return { device: 'cuda', why: cuda() };
  } catch (error) {
    missing.push(`no cuda: ${reasonOf(error)}`);
  }
  try {
    const [there, here] = [await seconds('webgpu'), await seconds('cpu')];
    const times = `a product takes ${format(there)} s on webgpu and ${format(here)} s on the processor`;
    if (there * LEAST_SPEEDUP <= here) return { device: 'webgpu', why: [times, ...missing].join('; ') };
    missing.push(`no webgpu: ${times}`);
  } catch (error) {
    missing.push(`no webgpu: ${reasonOf(error)}`);
  }
  return { device: 'cpu', why: missing.join('; ') };
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // The missing part is at the end of the message: "device NAME: expected ..; got: ..".
  return message.replace(/^device \w+: .*; got: /, '');
}

const format = (seconds: number) => seconds.toPrecision(2);

/** Seconds of the faster of two runs, after a first run that compiles the graph. */
async function secondsOf(device: Device): Promise<number> {
  const shape = [SIDE, SIDE];
  const names = Array.from({ length: PRODUCTS }, (_, i) => (i === PRODUCTS - 1 ? 'y' : `y${i}`));
  const graph: OnnxGraph = {
    name: 'speed probe',
    inputs: [{ name: 'x', type: 'float32', shape }],
    outputs: [{ name: 'y', type: 'float32', shape }],
    initializers: [],
    nodes: names.map((name, i) => ({ op: 'MatMul', inputs: [i === 0 ? 'x' : names[i - 1]!, 'x'], outputs: [name] })),
  };
  using session = await createSession(encodeModel(graph), { device, quiet: true });
  const binding = session.createBinding();
  const data = new Float32Array(SIDE * SIDE).fill(1 / SIDE);
  binding.bindInput('x', { type: 'float32', shape, data });
  binding.bindOutput('y', { type: 'float32', shape, data: new Float32Array(SIDE * SIDE) });
  const times: number[] = [];
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    await takeTurn(device, () => binding.run());
    times.push((performance.now() - start) / 1000);
  }
  return Math.min(...times.slice(1));
}
