// What an image is for: said by its record, derived once for records of earlier versions, and one for each set.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseImageRecord } from './record.ts';
import { checkSetPurpose } from './set-purpose.ts';
import { createImageStore } from './store.ts';

const folder = await mkdtemp(join(tmpdir(), 'heed-records-'));
afterAll(() => rm(folder, { recursive: true }));

const COMMON = {
  id: '0123456789abcdef',
  file: '01/0123456789abcdef.png',
  width: 8,
  height: 8,
  prompt: 'a bear in the woods',
  seed: 1,
  model: 'base',
  modelHash: 'h',
  sampler: 'ddim',
  steps: 1,
  guidanceScale: 1,
};

describe('records of earlier versions', () => {
  const former = (set: string, category: string, seen: boolean) =>
    parseImageRecord({ ...COMMON, set, category, seen, attributes: { object: 'bear' } });

  it.each([
    ['eval', 'count', false, 'measure', true],
    ['eval', 'count', true, 'measure', false],
    ['eval', 'custom', false, 'measure', false],
    ['fidelity', 'custom', true, 'measure', false],
    ['train', 'count', false, 'learn', false],
    ['train', 'custom', false, 'learn', false],
    ['evaluators', 'custom', false, 'learn', false],
    ['evaluation', 'colour', true, 'learn', false],
    ['fidelity-friends', 'custom', true, 'learn', false],
  ])('of set %s, category %s, seen %s: %s, held out %s', (set, category, seen, purpose, holdout) => {
    const record = former(set, category, seen);
    expect(record).toMatchObject({ purpose, holdout, facts: { object: 'bear' } });
    expect(Object.keys(record)).not.toContain('seen');
    expect(Object.keys(record)).not.toContain('attributes');
  });
});

it('takes what a record of today says as it is', () => {
  const record = {
    ...COMMON,
    set: 'eval',
    category: 'animals',
    holdout: true,
    purpose: 'learn',
    facts: { object: 'bear', mood: 'kind' },
  };
  expect(parseImageRecord(record)).toEqual(record);
  expect(() => parseImageRecord({ ...record, purpose: 'train' })).toThrow('got a bad value in purpose');
});

it('a set has one purpose, and some names are kept for measuring', async () => {
  const store = createImageStore(folder);
  const { id: _, file: __, width: ___, height: ____, ...recipe } = COMMON;
  const picture = { width: 8, height: 8, data: new Uint8Array(192) };
  await store.add(picture, { ...recipe, set: 'mine', category: 'custom', holdout: false, purpose: 'learn' });
  expect(() => checkSetPurpose(store, { set: 'mine', purpose: 'learn' })).not.toThrow();
  expect(() => checkSetPurpose(store, { set: 'mine', purpose: 'measure' })).toThrow(
    "expected a set of images to measure by, got 'mine', whose images are to learn from; choose another --name",
  );
  for (const set of ['eval', 'fidelity', 'eval-others']) {
    expect(() => checkSetPurpose(store, { set, purpose: 'learn' })).toThrow('which heed keeps for measuring');
    expect(() => checkSetPurpose(store, { set, purpose: 'measure' })).not.toThrow();
  }
  for (const set of ['evaluators', 'fidelity-friends', 'evaluated-by-anna']) {
    for (const purpose of ['learn', 'measure'] as const) {
      expect(() => checkSetPurpose(store, { set, purpose })).not.toThrow();
    }
  }
  await store.close();
});
