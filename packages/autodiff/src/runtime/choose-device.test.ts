/** The order of devices, and that the sentence names what was found and what was not. */
import { expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { chooseDevice } from './choose-device.ts';
import type { Device } from './device.ts';

type Seconds = Partial<Record<Device, number>>;

function noDriver(): string {
  throw new InputError('no NVIDIA driver: libcuda.so.1 cannot be loaded');
}

function times(known: Seconds): (device: Device) => Promise<number> {
  return async (device): Promise<number> => {
    const seconds = known[device];
    if (seconds === undefined) throw new InputError(`device ${device}: expected a GPU; got: no adapter`);
    return seconds;
  };
}

const CASES: readonly [Device, () => string, (device: Device) => Promise<number>, string][] = [
  ['cuda', () => 'driver 580', times({}), 'driver 580'],
  [
    'webgpu',
    noDriver,
    times({ webgpu: 0.002, cpu: 0.1 }),
    'a product takes 0.0020 s on webgpu and 0.10 s on the processor; no cuda: no NVIDIA driver: libcuda.so.1 cannot be loaded',
  ],
  [
    'cpu',
    noDriver,
    times({ webgpu: 0.9, cpu: 0.1 }),
    'no cuda: no NVIDIA driver: libcuda.so.1 cannot be loaded; no webgpu: a product takes 0.90 s on webgpu and 0.10 s on the processor',
  ],
  [
    'cpu',
    noDriver,
    times({ cpu: 0.1 }),
    'no cuda: no NVIDIA driver: libcuda.so.1 cannot be loaded; no webgpu: no adapter',
  ],
];

it.each(CASES)('takes %s', async (device, cuda, seconds, why) => {
  expect(await chooseDevice({ cuda, seconds })).toEqual({ device, why });
});

it('takes a device of this machine that computes', async () => {
  const { device, why } = await chooseDevice();
  expect(['cpu', 'webgpu', 'cuda']).toContain(device);
  expect(why).not.toBe('');
});
