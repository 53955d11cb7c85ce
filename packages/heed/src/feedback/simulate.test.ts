// Simulated labelling of drawn scenes by the shipped recogniser: the right ones come out good, and a second run adds
// nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { type Attributes, createRenderer, describe as describeAttributes } from '@heed/emoji-world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitPicture } from '../images/fit-picture.ts';
import { createImageStore } from '../images/store.ts';
import { silentProgress } from '../progress/progress.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import { lastWords } from './judgements.ts';
import { knownAnswers } from './known-answers.ts';
import { openFeedbackLog } from './log.ts';
import { runSimulatedLabelling } from './simulate.ts';
import { markSimulatedGold } from './simulate-gold.ts';

let folder: string;
let project: Project;

/** Scenes that show what is asked for, and as many that show another object on another ground. */
const ASKED: readonly Attributes[] = [
  { object: 'dog', background: 'forest' },
  { object: 'car', background: 'moon' },
  { object: 'cake', background: 'sea' },
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-simulate-'));
  project = await initProject(folder, { overrides: ['threads=1'] });
  const renderer = await createRenderer();
  const store = createImageStore(project.paths.images);
  const random = createRandom(5);
  for (const [number, attributes] of ASKED.entries()) {
    const wrong = ASKED[(number + 1) % ASKED.length]!;
    for (let seed = 0; seed < 8; seed++) {
      const isRight = seed % 2 === 0;
      const { object, background } = isRight ? attributes : wrong;
      const image = renderer.render({ object, count: 1, background: background!, style: 'noto' }, random);
      // Some as a larger model would draw them.
      const side = seed < 2 ? 192 : 64;
      await store.add(await fitPicture(image, { width: side, height: side }), recipeOf(attributes, seed));
    }
  }
  const { facts: _, ...custom } = recipeOf(ASKED[0]!, 99);
  await store.add(
    { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) },
    { ...custom, prompt: 'a mood', category: 'custom' },
  );
  await store.close();
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

function recipeOf(attributes: Attributes, seed: number) {
  return {
    prompt: describeAttributes(attributes),
    category: 'background',
    holdout: false,
    facts: attributes,
    seed,
    model: 'base',
    modelHash: 'drawn',
    sampler: 'ddim',
    steps: 1,
    guidanceScale: 1,
    set: 'train',
    purpose: 'learn',
  } as const;
}

const readLog = () => openFeedbackLog(project.paths.feedback).read();

describe('label --simulate', () => {
  it('judges every image that can be judged, by each rater, three at a time', async () => {
    const result = await runSimulatedLabelling(project, {}, silentProgress);
    expect(result).toEqual({ set: 'train', raters: 2, added: 48, withoutFacts: 1 });
    const events = await readLog();
    expect(new Set(events.map(({ raterKind }) => raterKind))).toEqual(new Set(['simulated']));
    expect(new Set(events.map(({ rater }) => rater))).toEqual(new Set(['simulated-1', 'simulated-2']));
    const sizes = [...countBy(events.map(({ rater, query }) => `${rater} ${query}`)).values()];
    expect(sizes.sort()).toEqual([2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
  });

  it('finds the right ones good and the wrong ones bad, but for slips', async () => {
    const store = createImageStore(project.paths.images);
    const answered = (await readLog()).filter(({ label }) => label !== 'skip');
    const right = answered.filter(({ image, label }) => (label === 'good') === (store.get(image).seed % 2 === 0));
    expect(answered.length).toBeGreaterThan(0.6 * 48);
    expect(right.length).toBeGreaterThan(0.75 * answered.length);
  });

  it('adds nothing the second time, and only what is missing for more raters', async () => {
    expect((await runSimulatedLabelling(project, {}, silentProgress)).added).toBe(0);
    expect((await runSimulatedLabelling(project, { raters: 3 }, silentProgress)).added).toBe(24);
    expect(lastWords(await readLog())).toHaveLength(72);
  });

  it('says what is missing', async () => {
    await expect(runSimulatedLabelling(project, { set: 'none' }, silentProgress)).rejects.toThrow(
      "expected images in set 'none', found none",
    );
  });

  it('stops when asked to', async () => {
    const signal = AbortSignal.abort();
    await expect(runSimulatedLabelling(project, { raters: 5, signal }, silentProgress)).rejects.toThrow('aborted');
    expect(await readLog()).toHaveLength(72);
  });
});

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

it('vouches for clear queries, said to be simulated, without judging an image', async () => {
  const read = async () => openFeedbackLog(project.paths.feedback).read();
  const before = lastWords(await read());
  const marked = await markSimulatedGold(project, { queries: 4 });
  expect(marked.queries).toBeGreaterThan(0);
  expect(marked.added).toBe(marked.good + marked.bad);
  const known = knownAnswers(await read());
  expect(known.size).toBe(marked.added);
  const store = createImageStore(project.paths.images);
  for (const [image, { label, isSimulated, why }] of known) {
    expect([image, label]).toEqual([image, store.get(image).seed % 2 === 0 ? 'good' : 'bad']);
    expect(isSimulated).toBe(true);
    expect(why).toMatch(label === 'good' ? /^It shows what was asked for: .+\.$/ : /^Not what was asked for.*\.$/);
  }
  expect(lastWords(await read())).toEqual(before);
  // What is known is not asked for again.
  const again = await markSimulatedGold(project, { queries: 4 }).catch(() => ({ added: 0 }));
  expect(knownAnswers(await read()).size).toBe(marked.added + again.added);
});
