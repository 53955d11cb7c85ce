// Strengths, covariances and expected information beside choix and scipy (tools/reference/make_bradley_terry.py).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectedInformation, fitBradleyTerry } from './bradley-terry.ts';

interface Golden {
  readonly wins: number[][];
  readonly strengths: number[];
  readonly covariance: number[][];
  readonly information: [number, number, number][];
}

const golden: Record<string, Golden> = JSON.parse(
  readFileSync(new URL('./golden/bradley-terry.json', import.meta.url), 'utf8'),
);

describe('Bradley-Terry strengths', () => {
  it.each(Object.keys(golden))('agree with the reference: %s', (name) => {
    const { wins, strengths, covariance, information } = golden[name]!;
    const fit = fitBradleyTerry(wins);
    for (const [i, strength] of strengths.entries()) expect(fit.strengths[i]).toBeCloseTo(strength, 6);
    for (const [i, row] of covariance.entries()) {
      for (const [j, value] of row.entries()) expect(fit.covariance[i]![j]).toBeCloseTo(value, 6);
    }
    for (const [i, j, nats] of information) expect(expectedInformation(fit, i, j) / nats).toBeCloseTo(1, 5);
  });

  it('need no comparison, and stay finite where one model always wins', () => {
    expect(
      fitBradleyTerry([
        [0, 0],
        [0, 0],
      ]).strengths,
    ).toEqual([0, 0]);
    const { strengths } = fitBradleyTerry([
      [0, 1e6],
      [0, 0],
    ]);
    expect(strengths[0]).toBeGreaterThan(5);
    expect(strengths[0]).toBeLessThan(20);
  });

  it('are told most by a pair that was never asked, and less by one that is under way', () => {
    const wins = [
      [0, 30, 0],
      [30, 0, 0],
      [0, 0, 0],
    ];
    const fit = fitBradleyTerry(wins);
    expect(expectedInformation(fit, 0, 2)).toBeGreaterThan(10 * expectedInformation(fit, 0, 1));
    const underWay = [
      [0, 0, 20],
      [0, 0, 0],
      [20, 0, 0],
    ];
    const later = fitBradleyTerry(wins, { underWay });
    expect(later.strengths).toEqual(fit.strengths);
    expect(expectedInformation(later, 0, 2)).toBeLessThan(expectedInformation(fit, 0, 2) / 3);
  });
});
