/** An arm's images and their judgements, and the arm's entry in evaluation.json. */
import type { ImageRecord } from '../images/index.ts';
import type { Recognition, WorldJudge } from '../ports.ts';
import { type BootstrapOptions, bootstrapMean } from '../statistics/index.ts';
import type { JudgedPrompt } from './alignment-summary.ts';
import { summariseAlignment, summariseAttributes } from './alignment-summary.ts';
import type { ComparisonQuery } from './blind-comparison.ts';
import type { ArmResult, Fidelity } from './evaluation.ts';
import type { JudgeablePrompt } from './evaluation-images.ts';

/**
 * An arm: one way of generating images (a model alone, or a model with best-of-n by reward), with the images of each
 * prompt.
 */
export interface Arm {
  readonly name: string;
  readonly label: string;
  readonly model: string;
  readonly modelHash: string;
  /** [prompt][image] */
  readonly images: readonly (readonly ImageRecord[])[];
  readonly fidelity?: Fidelity;
}

/** Lets the world's recogniser judge every image of the arm. */
export function judgeArm(
  arm: Arm,
  prompts: readonly JudgeablePrompt[],
  { judge, recognitions }: { judge: Pick<WorldJudge, 'alignmentOf'>; recognitions: ReadonlyMap<string, Recognition> },
): JudgedPrompt[] {
  return prompts.map((prompt, index) => ({
    prompt,
    alignments: arm.images[index]!.map(({ id }) => judge.alignmentOf(recognitions.get(id)!, prompt.facts)),
  }));
}

/** Summarises an arm's alignment as the recogniser judged it. */
export function alignmentOfArm(
  judged: readonly JudgedPrompt[],
  bootstrap: BootstrapOptions,
): Required<Pick<ArmResult, 'alignment' | 'perAttribute'>> {
  return {
    alignment: summariseAlignment(judged, bootstrap),
    perAttribute: summariseAttributes(judged, bootstrap),
  };
}

/** Makes an arm's entry in evaluation.json; measures that were not taken are left out. */
export function armResult(
  arm: Arm,
  {
    alignment,
    rewards,
    bootstrap,
  }: {
    alignment: ReturnType<typeof alignmentOfArm> | undefined;
    rewards: ReadonlyMap<string, number> | undefined;
    bootstrap: BootstrapOptions;
  },
): ArmResult {
  const { name, label, model, modelHash, images, fidelity } = arm;
  return {
    name,
    label,
    model,
    modelHash,
    images: images.reduce((total, ofPrompt) => total + ofPrompt.length, 0),
    imageIds: images.map((ofPrompt) => ofPrompt.map(({ id }) => id)),
    ...alignment,
    ...(rewards
      ? {
          reward: bootstrapMean(
            images.map((ofPrompt) => ofPrompt.map(({ id }) => rewards.get(id)!)),
            bootstrap,
          ),
        }
      : {}),
    ...(fidelity ? { fidelity } : {}),
  };
}

/** The queries of a blind comparison: for each prompt, the first `setSize` images of both arms. */
export function comparisonQueries(
  { treated, baseline }: { treated: Arm; baseline: Arm },
  prompts: readonly JudgeablePrompt[],
  recognitions: ReadonlyMap<string, Recognition>,
  setSize: number,
): ComparisonQuery[] {
  const setOf = (arm: Arm, index: number) =>
    arm.images[index]!.slice(0, setSize).map(({ id }) => recognitions.get(id)!);
  return prompts.map(({ category, holdout, facts }, index) => ({
    category,
    seen: !holdout,
    facts,
    treated: setOf(treated, index),
    baseline: setOf(baseline, index),
  }));
}
