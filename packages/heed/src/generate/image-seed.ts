/** The seed of an image, derived, so that it need not be stored. */
import { createRandom } from '@heed/diffusion/autodiff';

/**
 * A seed in [0, 2^31) for the n-th image of a prompt. Depends on the run's seed, the set and the prompt's text: other
 * prompts in the list change nothing, and no two sets share an image.
 */
export function imageSeed(options: { runSeed: number; set: string; prompt: string; number: number }): number {
  const { runSeed, set, prompt, number } = options;
  return createRandom(runSeed)
    .fork(JSON.stringify([set, prompt, number]))
    .integer(2 ** 31);
}
