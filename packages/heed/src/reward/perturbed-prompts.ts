/** Makes the perturbed prompts of the auxiliary task for each prompt with a good image, and records their sources. */
import { createRandom } from '@heed/diffusion/autodiff';
import type { World } from '../ports.ts';
import { type PerturbationSource, perturbText, thingsOf } from '../prompts/perturb/index.ts';
import { isGood, type LabelledImage } from './labelled-image.ts';

/** For each source of perturbed prompts, the number of prompts that use this source. */
export type PerturbationSources = Partial<Record<PerturbationSource, number>>;

export interface PerturbedPrompts {
  /** Up to N perturbed prompts for each prompt. A prompt with an empty list is left out of the auxiliary task. */
  readonly byPrompt: ReadonlyMap<string, readonly string[]>;
  readonly sources: PerturbationSources;
}

/**
 * Gets perturbed prompts from the project's world if the world knows the prompt. For any other prompt, single words of
 * the prompt are swapped. `prompts` are the project's training prompts. The training prompts supply the words to swap
 * in, and serve as perturbed prompts themselves when no more words can be swapped.
 */
export function perturbPrompts(
  labelled: readonly LabelledImage[],
  options: { count: number; seed: number; world: World; prompts: Iterable<string> },
): PerturbedPrompts {
  const { count, world } = options;
  const random = createRandom(options.seed);
  const prompts = [...new Set(options.prompts)];
  let things: string[] | undefined;
  const byPrompt = new Map<string, readonly string[]>();
  const sources: PerturbationSources = {};
  for (const { image } of labelled.filter(isGood)) {
    const { prompt: text, holdout, facts } = image;
    if (byPrompt.has(text)) continue;
    const own = random.fork(`perturb ${text}`);
    let found = {
      texts: world.perturb({ text, facts, holdout }, { count, random: own }),
      source: 'world',
    } as ReturnType<typeof perturbText>;
    if (found.texts.length === 0) {
      things ??= thingsOf(prompts);
      found = perturbText(text, { count, random: own, project: { things, prompts } });
    }
    byPrompt.set(text, found.texts);
    sources[found.source] = (sources[found.source] ?? 0) + 1;
  }
  return { byPrompt, sources };
}

const SOURCES: Readonly<Record<PerturbationSource, string>> = {
  world: "by the world's words",
  words: 'by swapped words',
  'words-and-prompts': "by swapped words and the project's other prompts",
  prompts: "by the project's other prompts",
  none: 'not at all, so that they take no part in the auxiliary task',
};

/**
 * Describes in one line how many prompts use each source of perturbed prompts; undefined when no prompt was perturbed.
 */
export function describePerturbations(sources: PerturbationSources): string | undefined {
  const parts = (Object.keys(SOURCES) as PerturbationSource[]).flatMap((source) =>
    sources[source] === undefined ? [] : [`${sources[source]} ${SOURCES[source]}`],
  );
  return parts.length === 0 ? undefined : `Prompts perturbed for the auxiliary task: ${parts.join(', ')}`;
}
