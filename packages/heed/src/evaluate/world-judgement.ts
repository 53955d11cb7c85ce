/**
 * Judgements by the recogniser and the simulated raters of the project's world. Only the emoji world has a recogniser
 * and simulated raters, and their results are marked as simulated.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { ImageStore } from '../images/index.ts';
import type { Recognition, WorldJudge } from '../ports.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import type { Prompt } from '../prompts/index.ts';
import type { BootstrapOptions } from '../statistics/index.ts';
import { alignmentDifference } from './alignment-summary.ts';
import { type Arm, alignmentOfArm, comparisonQueries, judgeArm } from './arm.ts';
import { compareArms } from './blind-comparison.ts';
import type { Comparison, Difference, EvaluationSettings } from './evaluation.ts';
import type { JudgeablePrompt } from './evaluation-images.ts';
import type { ArmPair, Measure } from './figures.ts';
import { recogniseImages } from './recognise-images.ts';

/** Pairs of arms that raters compare blind, as in figures 4, 6(a) and 6(b) of the paper. */
const COMPARED: readonly ArmPair[] = [
  ['tuned', 'base'],
  ['bestOf', 'base'],
  ['tuned', 'bestOf'],
];

export interface WorldJudgement {
  readonly recognitions: ReadonlyMap<string, Recognition>;
  /** Alignment by arm. */
  readonly alignments: Readonly<Record<string, ReturnType<typeof alignmentOfArm>>>;
  readonly differences: readonly Difference[];
  readonly comparisons: readonly Comparison[];
  readonly measures: readonly Measure[];
  /** A sentence with the number of prompts that the recogniser cannot judge; undefined when it can judge all. */
  readonly note?: string;
}

/** Judges all arms on the prompts with facts; undefined when no prompt has facts. */
export async function judgeByWorld(
  project: Project,
  options: {
    judge: WorldJudge;
    world: string;
    arms: readonly Arm[];
    prompts: readonly Prompt[];
    pairs: readonly ArmPair[];
    settings: EvaluationSettings;
    bootstrap: BootstrapOptions & { seed: number; resamples: number };
    store: ImageStore;
    signal: AbortSignal | undefined;
  },
  progress: ProgressFactory,
): Promise<WorldJudgement | undefined> {
  const { judge, world, prompts, pairs, settings, bootstrap, store, signal } = options;
  const indices = [...prompts.keys()].filter((index) => judge.canJudge(prompts[index]!.facts));
  if (indices.length === 0) return undefined;
  const judgeable = indices.map((index) => prompts[index] as JudgeablePrompt);
  const arms = options.arms.map((arm) => ({ ...arm, images: indices.map((index) => arm.images[index]!) }));
  const ids = arms.flatMap(({ images }) => images.flat().map(({ id }) => id));
  const recognitions = await recogniseImages(project, ids, { judge, store, signal }, progress);
  const judged = new Map(arms.map((arm) => [arm.name, judgeArm(arm, judgeable, { judge, recognitions })]));
  const byName = new Map(arms.map((arm) => [arm.name, arm]));
  // These raters differ from those whose labels the reward learned from.
  const raters = judge.simulatedRaters({
    seed: createRandom(settings.seed)
      .fork('raters of comparisons')
      .integer(2 ** 31),
    count: settings.raters,
  });
  const compared = COMPARED.filter((pair) => pair.every((name) => byName.has(name)));
  return {
    recognitions,
    alignments: Object.fromEntries([...judged].map(([name, ofArm]) => [name, alignmentOfArm(ofArm, bootstrap)])),
    differences: pairs.map(([treated, baseline]) => ({
      treated,
      baseline,
      interval: alignmentDifference(judged.get(treated)!, judged.get(baseline)!, bootstrap),
    })),
    comparisons: compared.map(([treated, baseline]) => {
      const sides = { treated: byName.get(treated)!, baseline: byName.get(baseline)! };
      const queries = comparisonQueries(sides, judgeable, recognitions, settings.imagesPerPrompt);
      return compareArms({ treated, baseline, queries, raters, seed: settings.seed });
    }),
    measures: measuresOf({ judge, world, arms: options.arms, prompts, recognitions }),
    ...(indices.length === prompts.length
      ? {}
      : {
          note: `the recogniser of the ${world} world knows what ${indices.length} of the ${prompts.length} prompts ask for; its figures and those of its simulated raters are of these alone`,
        }),
  };
}

/** Marks, for every image of every prompt, whether the image is aligned and whether its objects are doubled. */
function measuresOf(options: {
  judge: WorldJudge;
  world: string;
  arms: readonly Arm[];
  prompts: readonly Prompt[];
  recognitions: ReadonlyMap<string, Recognition>;
}): Measure[] {
  const { judge, world, arms, prompts, recognitions } = options;
  const valuesBy = (decide: (recognition: Recognition, prompt: JudgeablePrompt) => boolean | undefined) =>
    Object.fromEntries(
      arms.map(({ name, images }) => [
        name,
        images.map((ofPrompt, index) =>
          ofPrompt.flatMap(({ id }) => {
            const recognition = recognitions.get(id);
            const value = recognition && decide(recognition, prompts[index] as JudgeablePrompt);
            return value === undefined ? [] : [value ? 1 : 0];
          }),
        ),
      ]),
    );
  const common = { judge: `recogniser of the ${world} world`, unit: 'share' } as const;
  return [
    {
      id: 'aligned',
      label: 'aligned images',
      ...common,
      values: valuesBy((recognition, { facts }) => judge.alignmentOf(recognition, facts).correct),
    },
    {
      id: 'doubled',
      label: 'doubled objects',
      ...common,
      values: valuesBy((recognition, { facts }) => judge.isDoubled(recognition, facts)),
    },
  ];
}
