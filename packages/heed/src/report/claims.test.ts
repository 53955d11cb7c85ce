/** Verdicts follow the intervals, and nothing that failed is dropped. */
import { describe, expect, it } from 'vitest';
import type { Figure } from '../evaluate/evaluation.ts';
import type { Claim } from './claims.ts';
import { judgeClaims } from './claims.ts';
import { exampleInput } from './example-input.ts';
import type { ReportInput } from './report-input.ts';

function find(claims: readonly Claim[], text: string): Claim {
  const claim = claims.find((c) => c.claim.includes(text));
  if (!claim) throw new Error(`no claim about '${text}'`);
  return claim;
}

function withDifference(lo: number, mean: number, hi: number): ReportInput {
  const input = exampleInput();
  const differences = [{ treated: 'tuned', baseline: 'base', interval: { mean, lo, hi } }];
  return { ...input, evaluation: { ...input.evaluation!, differences } };
}

describe('judgeClaims', () => {
  it.each([
    [0.02, 0.1, 0.2, 'held'],
    [-0.02, 0.1, 0.2, 'unclear'],
    [-0.2, -0.1, -0.02, 'failed'],
  ] as const)('judges a difference of [%d, %d, %d] as %s...', (lo, mean, hi, verdict) => {
    expect(find(judgeClaims(withDifference(lo, mean, hi)), 'better aligned than the base').verdict).toBe(verdict);
  });

  it('leaves a difference of few prompts unclear, whatever its interval', () => {
    const input = withDifference(0.02, 0.1, 0.2);
    const few = {
      ...input,
      evaluation: { ...input.evaluation!, settings: { ...input.evaluation!.settings, prompts: 3 } },
    };
    const claim = find(judgeClaims(few), 'better aligned than the base');
    expect(claim.verdict).toBe('unclear');
    expect(claim.evidence).toMatch(/; of 3 prompts, too few to tell$/);
  });

  it('asks the other judges of a project whose world has no recogniser', () => {
    const input = exampleInput();
    const difference = (lo: number, hi: number) => ({
      treated: 'tuned',
      baseline: 'base',
      interval: { mean: (lo + hi) / 2, lo, hi },
    });
    const figure = (id: string, lo: number, hi: number): Figure => ({
      id,
      label: id,
      judge: `who gave ${id}`,
      unit: 'number',
      arms: {},
      differences: [difference(lo, hi)],
    });
    const claimOf = (figures: Figure[]) =>
      find(
        judgeClaims({ ...input, evaluation: { ...input.evaluation!, differences: [], figures } }),
        'aligned than the base',
      );
    expect(claimOf([figure('clip-score', 0.1, 0.2), figure('judging-reward', -0.2, -0.1)])).toMatchObject({
      verdict: 'failed',
      evidence: 'judging-reward -0.150 [-0.200, -0.100], paired by prompt; judge: who gave judging-reward',
    });
    expect(claimOf([figure('clip-score', 0.1, 0.2)]).verdict).toBe('held');
    expect(claimOf([figure('reward', 0.1, 0.2)]).verdict).toBe('not measured');
  });

  it('says so when the reward loses to CLIP', () => {
    const input = exampleInput();
    const worse = { seen: { mean: -0.07, lo: -0.1, hi: -0.04 } };
    const rewards = input.rewards!.map((r) => (r.variant === 'clip' ? { ...r, auxMinusThis: worse } : r));
    expect(find(judgeClaims({ ...input, rewards }), 'CLIP score on prompts learned from').verdict).toBe('failed');
  });

  it('looks at the order of table 3', () => {
    const claims = judgeClaims(exampleInput());
    expect(find(claims, 'Labelled images alone').verdict).toBe('held');
  });

  it('holds the cost in fidelity against the paper, by both distances', () => {
    const withCost = (frechet: number, cmmd: number) => {
      const input = exampleInput();
      const evaluation = input.evaluation!;
      const arms = evaluation.arms.map((arm) =>
        arm.name === 'base'
          ? { ...arm, fidelity: { frechet: 10, cmmd: 1 } }
          : arm.name === 'tuned'
            ? { ...arm, fidelity: { frechet, cmmd } }
            : arm,
      );
      return find(judgeClaims({ ...input, evaluation: { ...evaluation, arms } }), 'costs no more fidelity');
    };
    expect(withCost(11, 1.1).verdict).toBe('held');
    expect(withCost(11, 1.48)).toMatchObject({ verdict: 'unclear', evidence: expect.stringContaining('+48 %') });
    expect(withCost(13, 1.48).verdict).toBe('failed');
  });

  it('keeps every claim when nothing was measured', () => {
    const claims = judgeClaims({ title: '', time: '', facts: {} });
    expect(claims.length).toBe(judgeClaims(exampleInput()).length);
    expect(new Set(claims.map(({ verdict }) => verdict))).toEqual(new Set(['not measured']));
  });
});
