/**
 * A program as a user of the packages writes it; the tests compile it with `--strict` against the installed tarballs.
 */
import { compile, gradients } from '@heed/autodiff';
import { loadPipeline } from '@heed/diffusion';
import type { StudioApp } from '@heed/studio-api';
import { type HeedConfig, openProject, runGenerate } from 'heed';
import { hc } from 'hono/client';

const { api } = hc<StudioApp>('http://127.0.0.1:4180');

/** Asks a studio for work. */
export async function leaseOf(count: number): Promise<number> {
  const answer = await api.labelling.lease.$post({ json: { count } });
  return answer.status;
}

export const used: { config?: HeedConfig; functions: unknown[] } = {
  functions: [compile, gradients, loadPipeline, openProject, runGenerate],
};
