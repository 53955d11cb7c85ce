/**
 * Summarises judged images as shares with intervals: by arm, category, seen and unseen prompts, and attribute. The
 * project's world judges the images (`alignmentOf`), not this module.
 */
import type { Alignment } from '../ports.ts';
import type { Prompt } from '../prompts/prompt.ts';
import type { BootstrapOptions, Interval } from '../statistics/index.ts';
import { bootstrapMean, bootstrapPairedDifference } from '../statistics/index.ts';
import type { AlignmentSummary, CategorySummary } from './evaluation.ts';

/** One prompt with the judgements of all images that one arm generated from that prompt. */
export interface JudgedPrompt {
  readonly prompt: Prompt;
  readonly alignments: readonly Alignment[];
}

/** Share of aligned images with 95 % bootstrap intervals over prompts. */
export function summariseAlignment(judged: readonly JudgedPrompt[], bootstrap: BootstrapOptions): AlignmentSummary {
  const categories = [...new Set(judged.map(({ prompt }) => prompt.category))];
  const byCategory = Object.fromEntries(
    categories.map((category) => {
      const ofCategory = judged.filter(({ prompt }) => prompt.category === category);
      const seen = ofCategory.filter(({ prompt }) => !prompt.holdout);
      const unseen = ofCategory.filter(({ prompt }) => prompt.holdout);
      const summary: CategorySummary = {
        ...shareCorrect(ofCategory, bootstrap),
        ...(seen.length > 0 ? { seen: shareCorrect(seen, bootstrap) } : {}),
        ...(unseen.length > 0 ? { unseen: shareCorrect(unseen, bootstrap) } : {}),
      };
      return [category, summary];
    }),
  );
  return { ...shareCorrect(judged, bootstrap), byCategory };
}

/**
 * For each attribute, the share of images that show the attribute right, over the prompts that ask for that attribute.
 */
export function summariseAttributes(
  judged: readonly JudgedPrompt[],
  bootstrap: BootstrapOptions,
): Record<string, Interval> {
  const values = new Map<string, number[][]>();
  for (const { alignments } of judged) {
    const ofPrompt = new Map<string, number[]>();
    for (const { perAttribute } of alignments) {
      for (const [attribute, right] of Object.entries(perAttribute)) {
        const list = ofPrompt.get(attribute) ?? [];
        list.push(right ? 1 : 0);
        ofPrompt.set(attribute, list);
      }
    }
    for (const [attribute, list] of ofPrompt) values.set(attribute, [...(values.get(attribute) ?? []), list]);
  }
  return Object.fromEntries(
    [...values].map(([attribute, clusters]) => [attribute, bootstrapMean(clusters, bootstrap)]),
  );
}

/**
 * Difference in the share of aligned images, treated minus baseline, paired by prompt. Treated and baseline must have
 * the same prompts in the same order.
 */
export function alignmentDifference(
  treated: readonly JudgedPrompt[],
  baseline: readonly JudgedPrompt[],
  bootstrap: BootstrapOptions,
): Interval {
  if (treated.length !== baseline.length) {
    throw new Error(
      `both sides of a paired difference must have the same prompts, they have ${treated.length} and ${baseline.length}`,
    );
  }
  return bootstrapPairedDifference(
    treated.map((side, index) => ({ treated: correctness(side), baseline: correctness(baseline[index]!) })),
    bootstrap,
  );
}

function shareCorrect(judged: readonly JudgedPrompt[], bootstrap: BootstrapOptions): Interval {
  return bootstrapMean(judged.map(correctness), bootstrap);
}

function correctness({ alignments }: JudgedPrompt): number[] {
  return alignments.map(({ correct }) => (correct ? 1 : 0));
}
