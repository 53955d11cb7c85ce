/** Derives the seed of an image, so that seeds need not be stored. */
import { createRandom } from '@heed/diffusion/autodiff';

/**
 * A seed in [0, 2^31) for the n-th image of a prompt. The seed depends on the run's seed, the set and the prompt's
 * text. Other prompts in the list do not change the seed, and the seeds of different sets are unrelated.
 */
export function imageSeed(options: { runSeed: number; set: string; prompt: string; number: number }): number {
  const { runSeed, set, prompt, number } = options;
  return createRandom(runSeed)
    .fork(JSON.stringify([set, prompt, number]))
    .integer(2 ** 31);
}
