/**
 * Checks whether the paper's claims hold for this project's results. Every report checks all claims, and shows failures
 * as clearly as successes. Each claim is shown with the numbers that decide it.
 */
import { AS_PRINTED } from '../evaluate/ablations.ts';
import { armOf, type Difference } from '../evaluate/evaluation.ts';
import { formatDifference } from '../evaluate/format-figure.ts';
import { FEWEST_PROMPTS } from '../reward/trust.ts';
import type { Interval } from '../statistics/index.ts';
import { excludesZero } from '../statistics/index.ts';
import { percent } from '../text/percent.ts';
import { pointsWithInterval } from './figures.ts';
import type { ReportInput } from './report-input.ts';

export type Verdict = 'held' | 'unclear' | 'failed' | 'not measured';

export interface Claim {
  readonly claim: string;
  readonly verdict: Verdict;
  readonly evidence: string;
}

/** Names for the paper's "seen" and "unseen" objects, worded to fit the prompts of any project. */
export const PART_NAMES = { seen: 'prompts learned from', unseen: 'held-out prompts' } as const;

/** Judges all claims, in the order of the paper's figures. */
export function judgeClaims(input: ReportInput): Claim[] {
  return [
    differenceClaim(input, 'tuned', 'base', 'The tuned model is better aligned than the base model'),
    differenceClaim(input, 'bestOf', 'base', 'Choosing the best by reward beats taking any'),
    differenceClaim(input, 'tuned', 'bestOf', 'The tuned model beats the choice by reward'),
    ...(['seen', 'unseen'] as const).flatMap((part) => [
      rewardClaim(input, part, 'clip', `The reward beats the CLIP score on ${PART_NAMES[part]}`),
      rewardClaim(input, part, 'plain', `The auxiliary task helps on ${PART_NAMES[part]}`),
      rewardClaim(input, part, 'half', `More labels help on ${PART_NAMES[part]}`),
    ]),
    fidelityCostClaim(input),
    ...ablationClaims(input),
  ];
}

function differenceClaim({ evaluation }: ReportInput, treated: string, baseline: string, claim: string): Claim {
  const isAsked = (difference: Difference) => difference.treated === treated && difference.baseline === baseline;
  const found = evaluation?.differences.find(isAsked);
  const prompts = evaluation?.settings.prompts;
  if (found) {
    const evidence = `${pointsWithInterval(found.interval)}, paired by prompt`;
    return { claim, ...judged(found.interval, { evidence, prompts }) };
  }
  for (const id of ALIGNMENT_JUDGES) {
    const figure = evaluation?.figures.find((one) => one.id === id);
    const difference = figure?.differences.find(isAsked);
    if (!figure || !difference) continue;
    const evidence = `${figure.label} ${formatDifference(difference.interval, figure.unit)}, paired by prompt; judge: ${figure.judge}`;
    return { claim, ...judged(difference.interval, { evidence, prompts }) };
  }
  return { claim, verdict: 'not measured', evidence: 'no such comparison in this evaluation' };
}

/**
 * Ids of the figures that judge alignment when the project's world has no recogniser. The first of these figures that
 * the evaluation has is used.
 */
const ALIGNMENT_JUDGES = ['people', 'judging-reward', 'clip-score'] as const;

/**
 * Derives a claim's verdict from the interval of a difference. With too few prompts an interval is too narrow to rely
 * on, and the verdict is 'unclear'.
 */
function judged(
  interval: Interval,
  { evidence, prompts }: { evidence: string; prompts: number | undefined },
): Pick<Claim, 'verdict' | 'evidence'> {
  if (prompts !== undefined && prompts < FEWEST_PROMPTS) {
    return { verdict: 'unclear', evidence: `${evidence}; of ${prompts} prompts, too few to tell` };
  }
  if (!excludesZero(interval)) return { verdict: 'unclear', evidence };
  return { verdict: interval.lo > 0 ? 'held' : 'failed', evidence };
}

/** Compares the accuracy of the reward ('aux') with that of another score on the same held-out pairs. */
function rewardClaim(
  { rewards, rewardDetails }: ReportInput,
  part: 'seen' | 'unseen',
  other: string,
  claim: string,
): Claim {
  const aux = rewards?.find(({ variant }) => variant === 'aux')?.[part];
  const rival = rewards?.find(({ variant }) => variant === other);
  const against = rival?.[part];
  const difference = rival?.auxMinusThis?.[part];
  if (!aux || !against || !difference) {
    return {
      claim,
      verdict: 'not measured',
      evidence: `needs images of ${PART_NAMES[part]} that the reward was not trained on, for both`,
    };
  }
  const evidence = `${percent(aux.mean)} against ${percent(against.mean)}: ${pointsWithInterval(difference)}, ${aux.n} pairs`;
  const trust = rewardDetails?.trust?.filter(({ group }) => group === part);
  const prompts = trust?.reduce((sum, each) => sum + each.prompts, 0);
  return { claim, ...judged(difference, { evidence, prompts }) };
}

/** Relative rise of FID in the paper, from 13.97 to 16.76; the paper calls this rise a small cost. */
const PAPERS_FIDELITY_COST = 16.76 / 13.97 - 1;

function fidelityCostClaim({ evaluation }: ReportInput): Claim {
  const claim = `Tuning costs no more fidelity than in the paper (FID +${Math.round(100 * PAPERS_FIDELITY_COST)} %)`;
  const base = evaluation && armOf(evaluation, 'base')?.fidelity;
  const tuned = evaluation && armOf(evaluation, 'tuned')?.fidelity;
  if (!base || !tuned) return referenceCostClaim(claim, evaluation);
  const costs = [tuned.frechet / base.frechet - 1, tuned.cmmd / base.cmmd - 1] as const;
  const evidence =
    `Fréchet ${base.frechet.toFixed(2)} to ${tuned.frechet.toFixed(2)} (${change(costs[0])}), ` +
    `CMMD ${base.cmmd.toFixed(2)} to ${tuned.cmmd.toFixed(2)} (${change(costs[1])}), on the world's own CLIP`;
  const within = costs.filter((cost) => cost <= PAPERS_FIDELITY_COST).length;
  return { claim, verdict: (['failed', 'unclear', 'held'] as const)[within]!, evidence };
}

/** Judges the rise of FID, measured against the user's reference pictures, for projects without a world. */
function referenceCostClaim(claim: string, evaluation: ReportInput['evaluation']): Claim {
  const arms = evaluation?.figures.find(({ id }) => id === 'fid')?.arms;
  const [base, tuned] = [arms?.base, arms?.tuned];
  if (!base || !tuned) return { claim, verdict: 'not measured', evidence: 'fidelity was not measured for both' };
  const cost = tuned.mean / base.mean - 1;
  const evidence = `FID ${base.mean.toFixed(2)} to ${tuned.mean.toFixed(2)} (${change(cost)}), against the reference pictures`;
  return { claim, verdict: cost <= PAPERS_FIDELITY_COST ? 'held' : 'failed', evidence };
}

/** '+48 %' */
function change(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(0)} %`;
}

/**
 * Judges the claim of the paper's table 3: tuning on labelled images alone costs the most fidelity, and the
 * pre-training term restores the fidelity.
 */
function ablationClaims({ evaluation }: ReportInput): Claim[] {
  const claim = 'Labelled images alone cost the most fidelity; the pre-training term gives it back';
  const distance = (name: string) => evaluation && armOf(evaluation, name)?.fidelity?.frechet;
  const labelledOnly = distance('labelled-only');
  const withoutPretraining = distance('without-pretraining');
  const all = distance(AS_PRINTED);
  if (labelledOnly === undefined || withoutPretraining === undefined || all === undefined) {
    return [{ claim, verdict: 'not measured', evidence: 'the ablations of table 3 run at full scale only' }];
  }
  const ordered = labelledOnly > withoutPretraining && withoutPretraining > all;
  const evidence = `Fréchet: labelled only ${labelledOnly.toFixed(2)}, + unlabelled ${withoutPretraining.toFixed(2)}, + pre-training ${all.toFixed(2)}`;
  return [{ claim, verdict: ordered ? 'held' : 'failed', evidence }];
}
