/** Where a project's networks run, as the engine wants to be told. */
import type { Device } from '@heed/diffusion/autodiff';
import type { Project } from './project.ts';

/** `device` and, where the settings name a number, `threads`. */
export function runtimeOf({ config }: Project): { device: Device; threads?: number } {
  return { device: config.device, ...(config.threads > 0 ? { threads: config.threads } : {}) };
}
