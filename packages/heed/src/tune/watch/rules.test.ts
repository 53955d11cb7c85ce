// Every alarm of the table, warned of and stopping, and the choice of the best weights; docs/methods.md tells the same.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ALARM_RULES, alarmsOf, bestStep, describeAlarm, type WatchPoint } from './rules.ts';

const base: WatchPoint = {
  step: 0,
  reward: [0.4, 0.5, 0.6],
  judge: [0.5, 0.5, 0.6],
  diversity: [0.2, 0.2, 0.2],
  distance: [0, 0, 0],
  saturation: [0.4, 0.4, 0.4],
  brightness: [0.5, 0.5, 0.5],
};
const at = (step: number, changed: Partial<WatchPoint>): WatchPoint => ({ ...base, ...changed, step });

const CASES = {
  // Falls of mean 0.04 with standard errors of 0.02 and 0.01.
  'judging-reward': { warned: { judge: [0.5, 0.46, 0.52] }, stopped: { judge: [0.44, 0.45, 0.53] } },
  diversity: { warned: { diversity: [0.1, 0.15, 0.15] }, stopped: { diversity: [0.05, 0.1, 0.1] } },
  distance: { warned: { distance: [0.2, 0.2, 0.3] }, stopped: { distance: [0.4, 0.4, 0.4] } },
  saturation: { warned: { saturation: [0.5, 0.55, 0.55] }, stopped: { saturation: [0.7, 0.7, 0.7] } },
  brightness: { warned: { brightness: [0.3, 0.4, 0.4] }, stopped: { brightness: [0.9, 0.9, 0.9] } },
} satisfies Record<(typeof ALARM_RULES)[number]['id'], Record<'warned' | 'stopped', Partial<WatchPoint>>>;

it.each(ALARM_RULES)('$id warns, and stops at two measurements in a row', ({ id, measures }) => {
  const { warned, stopped } = CASES[id];
  expect(alarmsOf([base])).toEqual([]);
  expect(alarmsOf([base, at(1, {})])).toEqual([]);
  const [warning, ...others] = alarmsOf([base, at(1, stopped), at(2, warned)]);
  expect(others).toEqual([]);
  expect(warning).toMatchObject({ rule: id, step: 2, stops: false });
  expect(describeAlarm(warning!)).toMatch(new RegExp(`^update 2: ${measures} is [0-9.]+ `));
  expect(alarmsOf([base, at(1, stopped)])).toMatchObject([{ rule: id, stops: false }]);
  expect(alarmsOf([base, at(1, stopped), at(2, stopped)])).toMatchObject([{ rule: id, stops: true }]);
});

it('the best weights are those of the judging reward, else of the learned one, and never the base', () => {
  const points = [base, at(1, { judge: [0.2, 0.2, 0.2] }), at(2, { judge: [0.3, 0.3, 0.3], reward: [0, 0, 0] })];
  expect(bestStep(points)).toBe(2);
  expect(bestStep(points.map((point) => ({ ...point, judge: undefined })))).toBe(1);
  expect(bestStep(points.map((point) => ({ ...point, judge: undefined, reward: undefined })))).toBeUndefined();
  expect(bestStep([base])).toBeUndefined();
});

it('docs/methods.md has the same rules', async () => {
  const text = await readFile(new URL('../../../../../docs/methods.md', import.meta.url), 'utf8');
  for (const { measures, unit, warnsAbove, stopsAbove } of ALARM_RULES) {
    expect(text).toContain(`| ${measures} | ${unit} | ${warnsAbove} | ${stopsAbove} |`);
  }
});
