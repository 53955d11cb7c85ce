/** Where a project's networks run, as the engine wants to be told. */
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

/** Who is told, once a process, what `device = "auto"` took and why. */
export function onDeviceChoice(listener: (text: string) => void): void {
  tell = listener;
}

/** The device that a setting means on this machine; the same one as long as the process lives. */
export async function resolveDevice(setting: DeviceSetting): Promise<Device> {
  if (setting !== 'auto') return setting;
  choice ??= import('@heed/diffusion/autodiff').then(async ({ chooseDevice }) => {
    const chosen = await chooseDevice();
    tell(`device auto: ${chosen.device} (${chosen.why})`);
    return chosen;
  });
  return (await choice).device;
}

/** `device`, `precision` and, where the settings name a number, `threads`. */
export async function runtimeOf(project: Configured): Promise<Runtime> {
  const { device, precision } = project.config;
  const threads = threadsOf(project);
  return { device: await resolveDevice(device), precision, ...(threads === undefined ? {} : { threads }) };
}

/** The number of threads that the settings name. */
export function threadsOf({ config }: Configured): number | undefined {
  return config.threads > 0 ? config.threads : undefined;
}
