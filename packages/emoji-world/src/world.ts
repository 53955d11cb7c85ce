// The emoji world as one value: its words, its perturbed prompts, its judge, its pictures. A program needs no other
// export of this package to run a whole loop.
import type { RgbImage } from '@heed/diffusion';
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { cleanCaption } from './captions/clean.ts';
import { attributesFrom, FACT_COLUMNS, type Facts, factsFrom } from './facts.ts';
import { describe } from './grammar.ts';
import { CLIP_FOLDER, requireWeights, TINY_MODEL_FOLDER } from './paths.ts';
import { categoryOf } from './prompts/paper-prompt.ts';
import { perturbTemplate } from './prompts/perturb.ts';
import { parseTemplate } from './prompts/template.ts';
import type { ComparisonVerdict } from './raters/comparison.ts';
import { chanceAllShown, createSimulatedRaters, type Verdict } from './raters/simulated-rater.ts';
import { type Alignment, alignmentOf } from './recogniser/alignment.ts';
import { loadRecogniser, type Recognition } from './recogniser/recogniser.ts';
import { createRenderer } from './scene/renderer.ts';
import { sampleScene } from './scene/sample-scene.ts';
import { createPretrainingStream } from './stream.ts';
import type { Attributes } from './vocabulary.ts';

const vocabulary = {
  columns: FACT_COLUMNS,
  /** The facts of a template sentence; undefined for any other text. */
  read(text: string): Facts | undefined {
    const attributes = parseTemplate(text);
    return attributes && factsFrom(attributes);
  },
  /**
   * The category of a prompt with these facts: 'count', 'colour', 'background', 'combination', or 'custom' for an
   * object alone.
   */
  categoryOf: (facts: Facts) => categoryOf(known(facts)),
  /** The template sentence that asks for these facts. */
  describe: (facts: Facts) => describe(known(facts)),
};

const judge = {
  /** Whether the facts belong to this world, so that its recogniser can check them. */
  canJudge: (facts: Facts | undefined) => attributesFrom(facts) !== undefined,
  openRecogniser: (options: { threads?: number | undefined }) => {
    const { threads } = options;
    return loadRecogniser(threads === undefined ? {} : { threads });
  },
  alignmentOf: (recognition: Recognition, facts: Facts): Alignment => alignmentOf(recognition, known(facts)),
  chanceAllShown: (recognition: Recognition, facts: Facts): number => chanceAllShown(recognition, known(facts)),
  /**
   * Whether the recogniser finds several objects although the prompt names no number; undefined when the prompt names a
   * number.
   */
  isDoubled: (recognition: Recognition, facts: Facts): boolean | undefined =>
    known(facts).count === undefined ? recognition.count > 1 : undefined,
  /** Raters that judge by what the recogniser sees; equal seeds give equal raters. */
  simulatedRaters: (options: { seed: number; count: number }) =>
    createSimulatedRaters(options).map(({ id, judge: judgeOne, compare }) => ({
      id,
      judge: (recognition: Recognition, facts: Facts): Verdict => judgeOne(recognition, known(facts)),
      compare: (left: readonly Recognition[], right: readonly Recognition[], facts: Facts): ComparisonVerdict =>
        compare(left, right, known(facts)),
    })),
};

const reference = {
  /** A correct caption of a random scene. */
  caption: (random: RandomGenerator): string => cleanCaption(sampleScene(random), random),
  /**
   * Opens the renderer. The returned function samples a scene with the given random generator and draws the scene at 64
   * x 64 pixels.
   */
  async openPictures(): Promise<(random: RandomGenerator) => RgbImage> {
    const renderer = await createRenderer();
    return (random) => renderer.render(sampleScene(random), random);
  },
};

/** The emoji world. Functions of this world that take a prompt's facts throw when the facts come from another world. */
export const emojiWorld = {
  name: 'emoji',
  /** Folders of the world's trained models. Throws InputError when their package is not installed. */
  get models() {
    requireWeights();
    return { base: TINY_MODEL_FOLDER, clip: CLIP_FOLDER };
  },
  vocabulary,
  /**
   * Returns up to `count` template sentences whose meanings differ from `text`; none if `text` is not a template
   * sentence. For a prompt that is not held out, the returned sentences contain no held-out object.
   */
  perturb(
    { text, facts, holdout }: { text: string; facts?: Facts | undefined; holdout: boolean },
    { count, random }: { count: number; random: RandomGenerator },
  ): string[] {
    const attributes = attributesFrom(facts);
    if (attributes === undefined || describe(attributes) !== text) return [];
    return perturbTemplate(attributes, { count, random, seenOnly: !holdout });
  },
  judge,
  /** Endless pairs of pictures and web-like captions, the base model's training data. */
  openPretraining: (options: { seed: number }) => createPretrainingStream(options),
  reference,
};

function known(facts: Facts): Attributes {
  const attributes = attributesFrom(facts);
  if (attributes === undefined) throw new Error(`facts must be the emoji world's, they are ${JSON.stringify(facts)}`);
  return attributes;
}
