/** The samplers by the names that users know. */
import { ddim } from './ddim.ts';
import { dpmpp2m } from './dpmpp-2m.ts';
import type { Sampler } from './sampler.ts';

export const samplers = {
  ddim,
  dpmpp_2m: dpmpp2m,
} as const satisfies Record<string, Sampler>;

export type SamplerName = keyof typeof samplers;

export function isSamplerName(name: string): name is SamplerName {
  return Object.hasOwn(samplers, name);
}
