import { expect, test } from 'vitest';
import { learningRateOf, progressOf, secondsLeft } from './horizon.ts';

const plan = { base: 1, warmupSteps: 10, decayShare: 0.2 };

test('the rate rises, stays, and falls in the last part', () => {
  expect(learningRateOf(plan, { step: 0, progress: 0 })).toBeCloseTo(0.1);
  expect(learningRateOf(plan, { step: 50, progress: 0.5 })).toBe(1);
  expect(learningRateOf(plan, { step: 79, progress: 0.79 })).toBe(1);
  expect(learningRateOf(plan, { step: 90, progress: 0.9 })).toBeCloseTo(0.5);
  expect(learningRateOf(plan, { step: 99, progress: 1 })).toBeCloseTo(0.01);
});

test('a horizon is measured in updates or in trained hours', () => {
  expect(progressOf({ steps: 200 }, { step: 50, trainedSeconds: 1e6 })).toBe(0.25);
  expect(progressOf({ hours: 2 }, { step: 50, trainedSeconds: 1800 })).toBe(0.25);
  expect(secondsLeft({ steps: 200 }, { step: 50, trainedSeconds: 0, stepsPerSecond: 3 })).toBe(50);
  expect(secondsLeft({ hours: 1 }, { step: 50, trainedSeconds: 600, stepsPerSecond: 3 })).toBe(3000);
});
