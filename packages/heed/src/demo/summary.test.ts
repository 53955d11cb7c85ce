/** summary.json has the keys that the project promises, and nothing is invented where nothing was measured. */
import { expect, it } from 'vitest';
import { exampleInput } from '../report/example-input.ts';
import { summarise, summaryRows } from './summary.ts';

const evaluation = exampleInput().evaluation!;
const reward = {
  summary: { seen: { aux: 0.83, plain: 0.8, half: 0.79, clip: 0.66, n: 400 }, unseen: { n: 0 } },
};
const summary = summarise({ seed: 7, wallSeconds: 431.26, peakRssMb: 2100, evaluation, reward });

it('has exactly the promised keys', () => {
  expect(Object.keys(summary)).toEqual([
    'seed',
    'wallSeconds',
    'peakRssMb',
    'alignment',
    'tunedMinusBase',
    'reward',
    'fidelity',
  ]);
  expect(Object.keys(summary.alignment)).toEqual(['base', 'tuned', 'bestOf16']);
  for (const side of Object.values(summary.alignment)) {
    expect(Object.keys(side)).toEqual(['mean', 'lo', 'hi', 'byCategory']);
    expect(Object.keys(side.byCategory)).toEqual(['colour', 'background', 'count']);
  }
  expect(Object.keys(summary.tunedMinusBase)).toEqual(['mean', 'lo', 'hi']);
  expect(summary.reward.seen).toEqual({ aux: 0.83, plain: 0.8, clip: 0.66, n: 400 });
  expect(Object.keys(summary.fidelity.tuned)).toEqual(['frechet', 'cmmd']);
});

it('says null where nothing was measured', () => {
  expect(summary.reward.unseen).toEqual({ aux: null, plain: null, clip: null, n: 0 });
  const text = summaryRows(summary).map((row) => row.join(' '));
  expect(text.find((row) => row.startsWith('reward accuracy, unseen'))).toContain('not measured');
});

it('names an arm that is missing', () => {
  const arms = evaluation.arms.filter(({ name }) => name !== 'tuned');
  const incomplete = { ...evaluation, arms };
  expect(() => summarise({ seed: 7, wallSeconds: 1, peakRssMb: 1, evaluation: incomplete, reward })).toThrow(
    /needs arm 'tuned'/,
  );
});
