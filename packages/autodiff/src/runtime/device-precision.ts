/** Tests by one small run whether a device can compute in float16. */

import { ELEMENT_TYPES } from '../onnx/element-type.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxGraph } from '../onnx/model.ts';
import type { Precision } from '../precision.ts';
import type { Device } from './device.ts';
import { takeTurn } from './device-turns.ts';
import { createSession } from './session.ts';

/** `auto` means float16 on devices that support it, and float32 on CPUs, which would only emulate float16. */
export type PrecisionOption = Precision | 'auto';

/** Devices on which `auto` can mean float16. */
const CANDIDATES: ReadonlySet<Device> = new Set(['webgpu', 'cuda']);

const to = (type: Precision) => ({ to: { int: ELEMENT_TYPES[type].code } });
const PROBE: OnnxGraph = {
  name: 'float16 probe',
  inputs: [{ name: 'x', type: 'float32', shape: [4] }],
  outputs: [{ name: 'y', type: 'float32', shape: [4] }],
  initializers: [],
  nodes: [
    { op: 'Cast', inputs: ['x'], outputs: ['half'], attributes: to('float16') },
    { op: 'Mul', inputs: ['half', 'half'], outputs: ['product'] },
    { op: 'Cast', inputs: ['product'], outputs: ['y'], attributes: to('float32') },
  ],
};

const known = new Map<Device, Promise<boolean>>();

/** Resolves `precision` on `device`. Rejects when the device is not available. */
export async function resolvePrecision(device: Device, precision: PrecisionOption = 'auto'): Promise<Precision> {
  if (precision !== 'auto') return precision;
  if (!CANDIDATES.has(device)) return 'float32';
  const computes = known.get(device) ?? probe(device);
  known.set(device, computes);
  computes.catch(() => known.delete(device));
  return (await computes) ? 'float16' : 'float32';
}

async function probe(device: Device): Promise<boolean> {
  using session = await createSession(encodeModel(PROBE), { device, quiet: true });
  const binding = session.createBinding();
  const y = new Float32Array(4);
  binding.bindInput('x', { type: 'float32', shape: [4], data: Float32Array.of(1, 1.5, 2, 3) });
  binding.bindOutput('y', { type: 'float32', shape: [4], data: y });
  try {
    await takeTurn(device, () => binding.run());
  } catch {
    return false;
  }
  return y.join() === '1,2.25,4,9';
}
