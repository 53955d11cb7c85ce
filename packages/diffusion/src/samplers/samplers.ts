/** The samplers by the names that users know. */
import { ddim } from './ddim.ts';
import { ddpm } from './ddpm.ts';
import { dpmpp2m } from './dpmpp-2m.ts';
import { euler, eulerAncestral } from './euler.ts';
import type { Sampler } from './sampler.ts';

export const samplers = {
  ddim,
  dpmpp_2m: dpmpp2m,
  ddpm,
  euler,
  euler_a: eulerAncestral,
} as const satisfies Record<string, Sampler>;

export type SamplerName = keyof typeof samplers;

export function isSamplerName(name: string): name is SamplerName {
  return Object.hasOwn(samplers, name);
}
