/**
 * The values of the setting `device`. The names are not in the schema, because the command line lists them at start-up
 * and loading the schema takes time.
 */
import type { Device } from '@heed/diffusion/autodiff';

export const DEVICE_NAMES = ['cpu', 'webgpu', 'cuda', 'coreml', 'directml'] as const satisfies readonly Device[];

/** The values of `device`. `auto` uses CUDA, a fast WebGPU device, or the CPU. */
export const DEVICE_SETTINGS = ['auto', ...DEVICE_NAMES] as const;
export type DeviceSetting = (typeof DEVICE_SETTINGS)[number];
