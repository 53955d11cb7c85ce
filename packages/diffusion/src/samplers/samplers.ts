/** The samplers, each under the name that settings use for it. */
import { ddim } from './ddim.ts';
import { ddpm } from './ddpm.ts';
import { dpmpp2m, dpmpp2mKarras } from './dpmpp-2m.ts';
import { euler, eulerAncestral } from './euler.ts';
import { pndm } from './pndm.ts';
import type { Sampler } from './sampler.ts';

export const samplers = {
  ddim,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_karras: dpmpp2mKarras,
  ddpm,
  euler,
  euler_a: eulerAncestral,
  pndm,
} as const satisfies Record<string, Sampler>;

export type SamplerName = keyof typeof samplers;

export function isSamplerName(name: string): name is SamplerName {
  return Object.hasOwn(samplers, name);
}
