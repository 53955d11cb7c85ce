/** The images of one arm and what was found out about each; from it, the arm's line in evaluation.json. */
import type { ImageRecord } from '../images/index.ts';
import type { Recognition, WorldJudge } from '../ports.ts';
import { type BootstrapOptions, bootstrapMean } from '../statistics/index.ts';
import type { JudgedPrompt } from './alignment-summary.ts';
import { summariseAlignment, summariseAttributes } from './alignment-summary.ts';
import type { ComparisonQuery } from './blind-comparison.ts';
import type { ArmResult, Fidelity } from './evaluation.ts';
import type { JudgeablePrompt } from './evaluation-images.ts';

/** One way of making images, with the images of each evaluation prompt. */
export interface Arm {
  readonly name: string;
  readonly label: string;
  readonly model: string;
  readonly modelHash: string;
  /** [prompt][image] */
  readonly images: readonly (readonly ImageRecord[])[];
  readonly fidelity?: Fidelity;
}

/** Every image of the arm judged by the recogniser. */
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

/** An arm's figures by the recogniser. */
export function alignmentOfArm(
  judged: readonly JudgedPrompt[],
  bootstrap: BootstrapOptions,
): Required<Pick<ArmResult, 'alignment' | 'perAttribute'>> {
  return {
    alignment: summariseAlignment(judged, bootstrap),
    perAttribute: summariseAttributes(judged, bootstrap),
  };
}

/** An arm's line in evaluation.json; without what was not measured. */
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

/** The queries of a blind comparison: of each prompt, the first `setSize` images of both arms. */
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
