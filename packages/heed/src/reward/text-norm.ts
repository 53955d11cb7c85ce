/**
 * TextNorm (Kim et al., ICLR 2024, arXiv 2404.01863): a reward turned into a confidence. TextNorm measures how much
 * better an image x fits its prompt z than the contrasting prompts C(z):
 *
 *     s(x, z) = exp(r(x, z) / tau) / sum over z' in {z} and C(z) of exp(r(x, z') / tau).
 *
 * The contrasting prompts C(z) are made like the perturbed prompts of the auxiliary task. The mode 'product' scores
 * r(x, z) s(x, z).
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { worldOf } from '../parts.ts';
import type { World } from '../ports.ts';
import type { Project } from '../project/index.ts';
import { projectPrompts } from '../prompts/index.ts';
import { perturbText, thingsOf } from '../prompts/perturb/index.ts';
import { pairAccuracy, pairOutcomes } from './accuracy.ts';
import type { LabelledImage } from './labelled-image.ts';

export interface TextNorm {
  readonly mode: 'alone' | 'product';
  /** tau */
  readonly temperature: number;
  /** C(z), the contrasting prompts of a prompt. Without contrasting prompts s is 1. */
  contrasts(prompt: string): readonly string[];
}

/** The temperatures to choose from. If no temperature can be measured, the middle one is used. */
export const TEMPERATURES = [1, 0.5, 0.2, 0.1, 0.05, 0.02] as const;
const DEFAULT_TEMPERATURE = 0.1;

/**
 * Computes s(x, z), or r(x, z) s(x, z), of one image. `rewards` lists r for the image's prompt, then for its
 * contrasting prompts.
 */
export function normalise(
  rewards: ArrayLike<number>,
  { mode, temperature }: Pick<TextNorm, 'mode' | 'temperature'>,
): number {
  const own = rewards[0]!;
  let sum = 0;
  // Exponents are relative to the true prompt's reward. Overflow then happens only when s is 0 anyway.
  for (let i = 0; i < rewards.length; i++) sum += Math.exp((rewards[i]! - own) / temperature);
  return mode === 'product' ? own / sum : 1 / sum;
}

/**
 * Makes up to `count` contrasting prompts for each prompt: from the world if it knows the prompt, else by swapping
 * words. The result for a prompt does not depend on which other prompts are requested.
 */
export function contrastPrompts(options: {
  world: World;
  /** The project's prompts, a source of words to swap in. */
  prompts: readonly string[];
  count: number;
  seed: number;
}): TextNorm['contrasts'] {
  const { world, prompts, count, seed } = options;
  const random = createRandom(seed).fork('contrasts');
  const known = new Map<string, readonly string[]>();
  let things: string[] | undefined;
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const own = random.fork(text);
    const facts = world.vocabulary?.read(text);
    let contrasts: readonly string[] = world.perturb({ text, facts, holdout: true }, { count, random: own });
    if (contrasts.length === 0) {
      things ??= thingsOf(prompts);
      contrasts = perturbText(text, { count, random: own, project: { things, prompts } }).texts;
    }
    known.set(text, contrasts);
    return contrasts;
  };
}

/** Like `contrastPrompts`, with the project's world and training prompts. */
export async function projectContrasts(
  project: Project,
  { count, seed }: { count: number; seed: number },
): Promise<TextNorm['contrasts']> {
  const { learning } = await projectPrompts(project);
  const prompts = learning.map(({ text }) => text);
  return contrastPrompts({ world: await worldOf(project.config), prompts, count, seed });
}

/**
 * Chooses the temperature that orders the most pairs of `labelled` correctly. The reward must not have learned from
 * these images.
 */
export async function chooseTemperature(
  labelled: readonly LabelledImage[],
  score: (temperature: number) => Promise<ArrayLike<number>>,
): Promise<number> {
  let best: { temperature: number; accuracy: number } | undefined;
  for (const temperature of TEMPERATURES) {
    const { accuracy } = pairAccuracy(pairOutcomes(labelled, await score(temperature)));
    if (accuracy === undefined) return DEFAULT_TEMPERATURE;
    if (best === undefined || accuracy.mean > best.accuracy) best = { temperature, accuracy: accuracy.mean };
  }
  return best?.temperature ?? DEFAULT_TEMPERATURE;
}
