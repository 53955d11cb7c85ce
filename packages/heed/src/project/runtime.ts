/** Where a project's networks run, as the engine wants to be told. */
import type { Device, PrecisionOption } from '@heed/diffusion/autodiff';
import type { Project } from './project.ts';

/** `device`, `precision` and, where the settings name a number, `threads`. */
export function runtimeOf({ config }: Pick<Project, 'config'>): {
  device: Device;
  precision: PrecisionOption;
  threads?: number;
} {
  return {
    device: config.device,
    precision: config.precision,
    ...(config.threads > 0 ? { threads: config.threads } : {}),
  };
}
