import { createRandom } from '@heed/diffusion/autodiff';
import { expect, it } from 'vitest';
import { principalComponents } from './principal-components.ts';
import { linearProbe, type ProbeSet } from './ridge-probe.ts';

const [WIDTH, CLASSES] = [12, 3];

/** Noise, with the class along one direction that `signal` scales. */
function sample(name: string, { rows, signal }: { rows: number; signal: number }): ProbeSet {
  const random = createRandom(7).fork(name);
  const features = random.fillNormal(new Float32Array(rows * WIDTH));
  const labels = Array.from({ length: rows }, () => random.integer(CLASSES));
  labels.forEach((label, n) => {
    features[n * WIDTH + label]! += signal;
  });
  return { features, labels };
}

it.each([
  [10, 0.99, 1],
  [0, 0.23, 0.44],
])('a probe finds classes that are there, and none that are not (signal %f)', (signal, least, most) => {
  const [train, test] = [sample('train', { rows: 600, signal }), sample('test', { rows: 300, signal })];
  const { accuracy, testRows } = linearProbe({ width: WIDTH, classes: CLASSES, train, test });
  expect(testRows).toBe(300);
  expect(accuracy.mean).toBeGreaterThanOrEqual(least);
  expect(accuracy.mean).toBeLessThanOrEqual(most);
  expect(accuracy.lo).toBeLessThan(accuracy.hi);
});

it('the first components hold what columns have in common', () => {
  const rows = 400;
  const random = createRandom(3);
  const hidden = random.fillNormal(new Float32Array(rows));
  const features = random.fillNormal(new Float32Array(rows * WIDTH));
  // Half of the columns follow one hidden number.
  features.forEach((noise, i) => {
    if (i % WIDTH < WIDTH / 2) features[i] = hidden[Math.floor(i / WIDTH)]! + 0.3 * noise;
  });
  const { rows: components, width } = principalComponents({ rows: features, width: WIDTH }, 2);
  expect(width).toBe(2);
  const first = hidden.map((_, n) => components[n * 2]!);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  expect(Math.abs(dot(first, hidden)) / Math.sqrt(dot(first, first) * dot(hidden, hidden))).toBeGreaterThan(0.95);
});
