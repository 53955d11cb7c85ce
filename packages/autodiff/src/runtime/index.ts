/** The runtime's public surface: sessions on a device, their bindings and their tensors. */
export type { Binding } from './binding.ts';
export { DEVICES, type Device, hasOwnMemory } from './device.ts';
export { type PrecisionOption, resolvePrecision } from './device-precision.ts';
export type { DeviceTensor } from './device-tensor.ts';
export { takeTurn } from './device-turns.ts';

export { runtimeVersion } from './library.ts';
export { createSession, type Session } from './session.ts';
export type { SessionOptions } from './session-options.ts';
