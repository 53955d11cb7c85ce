/** The device, precision and threads for a project's networks. */
import type { Device, DeviceChoice, PrecisionOption } from '@heed/diffusion/autodiff';
import type { DeviceSetting } from '../config/device-names.ts';
import type { Project } from './project.ts';

interface Runtime {
  device: Device;
  precision: PrecisionOption;
  threads?: number;
}

type Configured = Pick<Project, 'config'>;

let choice: Promise<DeviceChoice> | undefined;
let tell: (text: string) => void = () => {};

/**
 * Sets the listener that gets the device that `device = "auto"` chose, and the reason. The listener is called at most
 * once in a process.
 */
export function onDeviceChoice(listener: (text: string) => void): void {
  tell = listener;
}

/** Resolves the device setting on this machine. The result is the same for the life of the process. */
export async function resolveDevice(setting: DeviceSetting): Promise<Device> {
  if (setting !== 'auto') return setting;
  choice ??= import('@heed/diffusion/autodiff').then(async ({ chooseDevice }) => {
    const chosen = await chooseDevice();
    tell(`device auto: ${chosen.device} (${chosen.why})`);
    return chosen;
  });
  return (await choice).device;
}

/** The runtime options: `device`, `precision` and, if the settings give a number, `threads`. */
export async function runtimeOf(project: Configured): Promise<Runtime> {
  const { device, precision } = project.config;
  const threads = threadsOf(project);
  return { device: await resolveDevice(device), precision, ...(threads === undefined ? {} : { threads }) };
}

/** The number of threads in the settings. */
export function threadsOf({ config }: Configured): number | undefined {
  return config.threads > 0 ? config.threads : undefined;
}
