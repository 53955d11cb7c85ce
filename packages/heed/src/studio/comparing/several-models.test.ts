// A comparison of four models: pairs that tell most are asked, the answers give strengths with intervals.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeople } from '../../evaluate/describe-people.ts';
import type { Evaluation } from '../../evaluate/evaluation.ts';
import { peopleFindings } from '../../evaluate/people.ts';
import { createImageStore } from '../../images/index.ts';
import type { Project } from '../../project/project.ts';
import { selectPrompts } from '../../prompts/select.ts';
import { winShare } from '../../statistics/index.ts';
import { addDrawnImages, makeDrawnProject } from '../../testing/drawn-project.ts';
import { openComparisonDesk } from './comparison-desk.ts';
import { comparisonResults } from './comparison-results.ts';

/** True strengths by model. */
const TRUTH = { d: 2, c: 1.9, b: 0, a: -2 } as const;
type Name = keyof typeof TRUTH;
const NAMES = Object.keys(TRUTH) as Name[];
const PROMPTS = 24;
const RATERS = 8;
let folder: string;
let project: Project;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-several-models-'));
  project = await makeDrawnProject(join(folder, 'p'), { prompts: 1, overrides: ['evaluate.resamples=200'] });
  const prompts = selectPrompts(paperTrainingPrompts(), PROMPTS);
  for (const model of NAMES) await addDrawnImages(project, { prompts, set: 'eval', model, imagesPerPrompt: 1 });
});
afterAll(() => rm(folder, { recursive: true }));

it('asks most about the models that are hard to tell apart, and ranks them', async () => {
  const images = createImageStore(project.paths.images);
  const desk = openComparisonDesk(project, { seed: () => 3 });
  await desk.start({ models: NAMES, raters: RATERS, images });
  const wanted = (RATERS * PROMPTS * NAMES.length) / 2;
  const random = createRandom(5);
  const modelOf = (ids: readonly string[]) => images.get(ids[0]!).model as Name;
  for (let answered = 0; answered < wanted; ) {
    for (let i = 0; i < RATERS; i++) {
      const rater = `rater ${i}`;
      const queries = desk.lease({ rater, count: 2 });
      const answers = queries.map(async ({ query, left, right }, k) => {
        const better = random.uniform() < winShare(TRUTH[modelOf(left)] - TRUTH[modelOf(right)]) ? 'left' : 'right';
        const said = { alignment: better, fidelity: better } as const;
        return desk.answer({ id: `${answered} ${i} ${k}`, rater, query, ...said, seconds: 4 });
      });
      await Promise.all(answers);
      answered += queries.length;
    }
  }
  // All wanted answers are there: no rater is asked more.
  expect(desk.lease({ rater: 'late', count: 5 })).toEqual([]);
  expect(desk.standing('late').open).toBe(0);
  const [comparison] = desk.all();
  const { state, answers, pairs, strengths } = comparisonResults(comparison!, { resamples: 200 });
  expect([state, answers]).toEqual(['complete', wanted]);
  const asked = Object.fromEntries(
    pairs.map(({ pair, answers: count }) => [pair.map((i) => NAMES[i]).join(''), count]),
  );
  // The two best differ by little; the outcome of best against worst is known in advance.
  expect(asked.dc).toBeGreaterThan(2 * asked.da!);
  expect(strengths!.alignment.map(({ model }) => NAMES[model]).slice(2)).toEqual(['b', 'a']);
  const centre = Object.values<number>(TRUTH).reduce((sum, value) => sum + value, 0) / NAMES.length;
  for (const { model, strength, wins } of strengths!.alignment) {
    expect(Math.abs(strength.mean - (TRUTH[NAMES[model]!] - centre))).toBeLessThan(0.6);
    expect(strength.lo).toBeLessThan(strength.mean);
    expect(strength.hi).toBeGreaterThan(strength.mean);
    expect(wins.mean).toBeGreaterThan(0);
  }
  await desk.close();

  const arms = NAMES.map((name) => ({ name, label: name, model: name, modelHash: `hash of ${name}`, imageIds: [] }));
  const evaluation = { arms, prompts: [], settings: { seed: 0 } } as unknown as Evaluation;
  const lines = describePeople(await peopleFindings(project, evaluation), evaluation);
  expect(lines.find((line) => line.startsWith('Fits the prompt, strongest first'))).toMatch(
    /: [cd] \+\d\.\d\d \[.*\], [cd] .*, b .*, a -\d\.\d\d \[-/,
  );
});
