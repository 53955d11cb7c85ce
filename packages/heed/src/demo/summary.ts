/** The results of a demo: `summary.json` with stable keys, and the table for the terminal. */

import type { AlignmentSummary, Evaluation, Fidelity } from '../evaluate/evaluation.ts';
import { armOf } from '../evaluate/evaluation.ts';
import { pointsWithInterval } from '../report/figures.ts';
import type { RewardReport } from '../reward/run.ts';
import type { Interval } from '../statistics/index.ts';
import { formatShare } from '../statistics/index.ts';
import { percent } from '../text/percent.ts';

/** An alignment figure in the summary. */
export interface SummaryAlignment extends Interval {
  readonly byCategory: Readonly<Record<string, Interval>>;
}

/** Accuracy on held-out pairs; null when it was not measured. */
export interface SummaryReward {
  readonly aux: number | null;
  readonly plain: number | null;
  readonly clip: number | null;
  /** Pairs. */
  readonly n: number;
}

/** `demo/summary.json`. */
export interface DemoSummary {
  readonly seed: number;
  readonly wallSeconds: number;
  readonly peakRssMb: number;
  readonly alignment: Readonly<Record<'base' | 'tuned' | 'bestOf16', SummaryAlignment>>;
  readonly tunedMinusBase: Interval;
  readonly reward: Readonly<Record<'seen' | 'unseen', SummaryReward>>;
  readonly fidelity: Readonly<Record<'base' | 'tuned', Fidelity>>;
}

/** Builds the summary from the reports of reward training and evaluation. */
export function summarise(inputs: {
  seed: number;
  wallSeconds: number;
  peakRssMb: number;
  evaluation: Evaluation;
  reward: Pick<RewardReport, 'summary'>;
}): DemoSummary {
  const { seed, wallSeconds, peakRssMb, evaluation, reward } = inputs;
  const arm = (name: string) => {
    const found = armOf(evaluation, name);
    if (!found)
      throw new Error(
        `the summary needs arm '${name}', the evaluation has ${evaluation.arms.map((a) => a.name).join(', ')}`,
      );
    return found;
  };
  const fidelity = (name: string): Fidelity => {
    const found = arm(name).fidelity;
    if (!found) throw new Error(`the summary needs the fidelity of arm '${name}', it was not measured`);
    // The keys that the project promises.
    return { frechet: found.frechet, cmmd: found.cmmd };
  };
  const difference = evaluation.differences.find((d) => d.treated === 'tuned' && d.baseline === 'base');
  if (!difference) throw new Error('the summary needs the difference of tuned and base, it was not measured');
  return {
    seed,
    wallSeconds: Math.round(10 * wallSeconds) / 10,
    peakRssMb,
    alignment: {
      base: alignmentOf(arm('base').alignment),
      tuned: alignmentOf(arm('tuned').alignment),
      bestOf16: alignmentOf(arm('bestOf').alignment),
    },
    tunedMinusBase: intervalOf(difference.interval),
    reward: { seen: rewardOf(reward, 'seen'), unseen: rewardOf(reward, 'unseen') },
    fidelity: { base: fidelity('base'), tuned: fidelity('tuned') },
  };
}

function alignmentOf(summary: AlignmentSummary | undefined): SummaryAlignment {
  if (!summary) throw new Error('the summary needs images that the recogniser judged, it judged none');
  const byCategory = Object.fromEntries(
    Object.entries(summary.byCategory).map(([category, interval]) => [category, intervalOf(interval)]),
  );
  return { ...intervalOf(summary), byCategory };
}

function intervalOf({ mean, lo, hi }: Interval): Interval {
  return { mean, lo, hi };
}

function rewardOf({ summary }: Pick<RewardReport, 'summary'>, part: 'seen' | 'unseen'): SummaryReward {
  const { aux = null, plain = null, clip = null, n } = summary[part];
  return { aux, plain, clip, n };
}

/** The summary as rows of a table, each with a name and the figures of that name. */
export function summaryRows(summary: DemoSummary): string[][] {
  const { alignment, tunedMinusBase, reward, fidelity } = summary;
  const accuracy = (value: number | null) => (value === null ? 'not measured' : percent(value));
  const rewardRow = (part: 'seen' | 'unseen') => {
    const { aux, plain, clip, n } = reward[part];
    const figures = `aux ${accuracy(aux)}, plain ${accuracy(plain)}, CLIP score ${accuracy(clip)} (${n} pairs)`;
    return [`reward accuracy, ${part} objects`, figures];
  };
  const fidelityRow = (model: 'base' | 'tuned') => {
    const { frechet, cmmd } = fidelity[model];
    return [`fidelity, ${model}`, `Fréchet ${frechet.toFixed(2)}, CMMD ${cmmd.toFixed(3)} (not FID)`];
  };
  return [
    ['aligned images, base', formatShare(alignment.base)],
    ['aligned images, tuned', formatShare(alignment.tuned)],
    ['aligned images, best of n', formatShare(alignment.bestOf16)],
    ['tuned minus base', pointsWithInterval(tunedMinusBase)],
    rewardRow('seen'),
    rewardRow('unseen'),
    fidelityRow('base'),
    fidelityRow('tuned'),
  ];
}
