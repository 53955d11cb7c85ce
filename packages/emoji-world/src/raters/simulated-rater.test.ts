import { createRandom } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { recognitionFor } from '../recogniser/recognition-for.ts';
import type { Attributes, Count } from '../vocabulary.ts';
import { COUNTS } from '../vocabulary.ts';
import { createSimulatedRaters } from './simulated-rater.ts';

/** Pictures of two dogs asked for: as often right as wrong in the count, each seen more or less surely. */
const pictures = (n: number) => {
  const random = createRandom(5);
  const attributes: Attributes = { object: 'dog', count: 2 };
  return Array.from({ length: n }, () => {
    const right = random.uniform() < 0.5;
    const count: Count = right ? 2 : COUNTS.filter((c) => c !== 2)[random.integer(5)]!;
    return { right, attributes, recognition: recognitionFor({ object: 'dog', count }, 0.75 + 0.24 * random.uniform()) };
  });
};

test('raters mostly agree with what is there, each with errors of their own', () => {
  const seen = pictures(400);
  const raters = createSimulatedRaters({ seed: 1, count: 6 });
  const accuracies = raters.map((rater) => {
    const judged = seen.map((each) => ({ ...each, verdict: rater.judge(each.recognition, each.attributes) }));
    const answered = judged.filter(({ verdict }) => verdict !== 'skip');
    return answered.filter(({ right, verdict }) => (verdict === 'good') === right).length / answered.length;
  });
  for (const accuracy of accuracies) {
    expect(accuracy).toBeGreaterThan(0.75);
    expect(accuracy).toBeLessThan(0.995);
  }
  expect(new Set(accuracies).size).toBeGreaterThan(1);
});

test('two raters disagree on some pictures and not on most', () => {
  const [a, b] = createSimulatedRaters({ seed: 1, count: 2 });
  const seen = pictures(400);
  const disagreements = seen.filter(
    ({ recognition, attributes }) => a!.judge(recognition, attributes) !== b!.judge(recognition, attributes),
  ).length;
  expect(disagreements).toBeGreaterThan(8);
  expect(disagreements).toBeLessThan(120);
});

test('pictures of nothing certain are skipped sometimes, clear ones never', () => {
  const [rater] = createSimulatedRaters({ seed: 2, count: 1 });
  const attributes: Attributes = { object: 'dog' };
  const skips = (certainty: (i: number) => number) =>
    Array.from({ length: 300 }, (_, i) =>
      rater!.judge(recognitionFor({ object: 'dog', count: 1 }, certainty(i)), attributes),
    ).filter((verdict) => verdict === 'skip').length;
  expect(skips((i) => 0.9 + i / 10_000)).toBe(0);
  const unsure = skips((i) => 0.2 + i / 10_000);
  expect(unsure).toBeGreaterThan(60);
  expect(unsure).toBeLessThan(240);
});

test('the same question gets the same answer, in any order and from a rater made anew', () => {
  const seen = pictures(60);
  const answers = (order: typeof seen, count: number) => {
    const rater = createSimulatedRaters({ seed: 9, count })[0]!;
    return new Map(order.map(({ recognition, attributes }) => [recognition, rater.judge(recognition, attributes)]));
  };
  const forward = answers(seen, 1);
  const backward = answers([...seen].reverse(), 5);
  for (const [recognition, verdict] of forward) expect(backward.get(recognition)).toBe(verdict);
});

test('raters are named as simulated', () => {
  expect(createSimulatedRaters({ seed: 0, count: 3 }).map(({ id }) => id)).toEqual([
    'simulated-1',
    'simulated-2',
    'simulated-3',
  ]);
});

test('comparisons follow alignment and fidelity apart', () => {
  const raters = createSimulatedRaters({ seed: 4, count: 9 });
  const attributes: Attributes = { object: 'dog', count: 3 };
  const set = (count: Count, certainty: number, sharpness: number) =>
    Array.from({ length: 4 }, () => recognitionFor({ object: 'dog', count }, certainty, sharpness));
  const votes = (left: ReturnType<typeof set>, right: ReturnType<typeof set>) => {
    const verdicts = raters.map((rater) => rater.compare(left, right, attributes));
    const most = (question: 'alignment' | 'fidelity') =>
      (['left', 'right', 'tie'] as const).find(
        (side) => verdicts.filter((verdict) => verdict[question] === side).length >= 5,
      );
    return { alignment: most('alignment'), fidelity: most('fidelity') };
  };
  expect(votes(set(3, 0.95, 40), set(5, 0.95, 40))).toEqual({ alignment: 'left', fidelity: 'tie' });
  expect(votes(set(5, 0.95, 40), set(3, 0.95, 40))).toEqual({ alignment: 'right', fidelity: 'tie' });
  expect(votes(set(3, 0.95, 40), set(3, 0.95, 10)).fidelity).toBe('left');
});

test('an empty set cannot be compared', () => {
  const [rater] = createSimulatedRaters({ seed: 4, count: 1 });
  expect(() => rater!.compare([], [], { object: 'dog' })).toThrow('must hold images');
});
