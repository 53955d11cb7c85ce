// Blind comparisons through the HTTP API: who sees what, what is kept and when, and what it adds up to.
import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Project } from '../../project/project.ts';
import { selectPrompts } from '../../prompts/select.ts';
import { addDrawnImages, makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import type { ComparingRater } from './comparing-raters.ts';
import { openComparisonDesk } from './comparison-desk.ts';
import { type ComparisonAnswer, readComparisonEvents, type StartedComparison } from './comparison-log.ts';
import type { ComparisonResults } from './comparison-results.ts';
import type { PairResults } from './pair-results.ts';

interface Asked {
  id: string;
  prompt: string;
  left: { name: string; width: number }[];
  right: { name: string; width: number }[];
}

const PROMPTS = 4;
const RATERS = 3;
let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-comparing-'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: 1,
    overrides: [`studio.comparisonRaters=${RATERS}`, 'evaluate.resamples=100'],
  });
  const prompts = selectPrompts(paperTrainingPrompts(), PROMPTS);
  await addDrawnImages(project, { prompts, set: 'eval', model: 'base', imagesPerPrompt: 6 });
  await addDrawnImages(project, { prompts, set: 'eval', model: 'tuned', imagesPerPrompt: 4 });
  await addDrawnImages(project, { prompts: prompts.slice(0, 1), set: 'train', model: 'undrawn', imagesPerPrompt: 1 });
  test = await openTestStudio(project);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const events = () => readComparisonEvents(project);
const started = () => events().find((event): event is StartedComparison => event.event === 'started')!;
const answers = () => {
  const taken = events().flatMap((event) => (event.event === 'retracted' ? [event.answer] : []));
  return events().filter((event): event is ComparisonAnswer => event.event === 'answered' && !taken.includes(event.id));
};
const lease = async (token: string, count = 10) =>
  (await test.post<{ queries: Asked[] }>('/api/comparing/lease', { count }, token)).queries;
const send = (body: object, token: string) =>
  test.request('/api/comparing/answers', { method: 'POST', body: { id: randomUUID(), ...body }, token });
const start = (body: object) => test.request('/api/comparisons', { method: 'POST', body, token: test.owner });
const read = async () =>
  (await (await test.request('/api/comparisons', { token: test.owner })).json()) as {
    models: string[];
    comparisons: (ComparisonResults & {
      id: string;
      pairs: (PairResults & { sentences: string[] })[];
      raters: ComparingRater[];
    })[];
  };
/** As a rater would tell with their eyes: the model that drew what the page calls so. */
const modelOf = ([first]: Asked['left']) => test.studio.images.find(first!.name)!.model;

describe('a comparison', () => {
  it('needs two models with evaluation images, and is started once', async () => {
    expect((await read()).models).toEqual(['base', 'tuned']);
    for (const [body, status] of [
      [{ models: ['tuned'] }, 400],
      [{ models: ['undrawn', 'base'] }, 409],
      [{ models: ['base', 'base'] }, 409],
      [{ models: ['tuned', 'base'] }, 200],
      [{ models: ['tuned', 'base'] }, 409],
    ] as const) {
      expect([body, (await start(body)).status]).toEqual([body, status]);
    }
    expect(started()).toMatchObject({ raters: RATERS, models: [{ model: 'tuned' }, { model: 'base' }] });
    expect(started().queries).toHaveLength(PROMPTS);
    for (const { treated, baseline } of started().queries) expect([treated.length, baseline.length]).toEqual([4, 4]);
  });

  it('tells raters nothing of the models, and shows each on both sides', async () => {
    const sides: string[] = [];
    for (let i = 0; i < RATERS; i++) {
      const token = await test.rater(`looks ${i}`);
      const queries = await lease(token);
      const { models, queries: stored, id, seed } = started();
      const secrets = [
        ...models.flatMap(({ model, modelHash }) => [model, modelHash]),
        ...stored.flatMap((query) => [...query.treated, ...query.baseline]),
        ...['treated', 'baseline', id, String(seed), 'hash'],
      ];
      const text = JSON.stringify(queries);
      for (const secret of secrets) expect([secret, text.includes(secret)]).toEqual([secret, false]);
      for (const { left, right } of queries) {
        expect(new Set([modelOf(left), modelOf(right)])).toEqual(new Set(['base', 'tuned']));
        sides.push(modelOf(left));
        const picture = await test.request(`/api/pictures/${left[0]!.name}`, { token });
        const bytes = Buffer.from(await picture.arrayBuffer()).toString('latin1');
        expect([picture.status, /tuned|base|tEXt|iTXt/.test(bytes)]).toEqual([200, false]);
      }
      // The same sides when asked again.
      expect(await lease(token)).toEqual(queries);
    }
    expect(new Set(sides)).toEqual(new Set(['base', 'tuned']));
    // All places are held: a fourth is asked nothing.
    expect(await lease(await test.rater('late'))).toEqual([]);
  });
});

describe('an answer', () => {
  it('is on disk when it is acknowledged, with how the coin fell, and is taken once', async () => {
    const token = await test.rater('looks 0');
    const [query, other] = await lease(token, 2);
    const body = { id: randomUUID(), query: query!.id, alignment: 'left', fidelity: 'tie', seconds: 3 };
    const statuses = await Promise.all(Array.from({ length: 8 }, () => send(body, token)));
    expect(statuses.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(answers()).toHaveLength(1);
    expect(answers()[0]).toMatchObject({ rater: 'looks 0', alignment: 'left', fidelity: 'tie', seconds: 3 });
    expect(answers()[0]!.treatedIsLeft).toBe(modelOf(query!.left) === 'tuned');
    expect((await send({ ...body, id: randomUUID() }, token)).status).toBe(200);
    expect((await send({ ...body, id: randomUUID(), alignment: 'right' }, token)).status).toBe(409);
    expect((await send({ ...body, query: other!.id }, token)).status).toBe(409);
    expect((await send({ ...body, id: randomUUID(), query: 'none' }, token)).status).toBe(404);
    for (const bad of [{ alignment: 'treated' }, { fidelity: undefined }, { rater: 'someone' }, { id: '1' }]) {
      expect([bad, (await send({ ...body, ...bad }, token)).status]).toEqual([bad, 400]);
    }
    expect(answers()).toHaveLength(1);
    expect((await lease(token)).map(({ id }) => id)).not.toContain(query!.id);
  });

  it('can be taken back by its rater alone, and given anew', async () => {
    const token = await test.rater('looks 1');
    const [query] = await lease(token);
    const first = { id: randomUUID(), query: query!.id, alignment: 'right', fidelity: 'right' };
    expect((await send(first, token)).status).toBe(200);
    const retract = async (own: string, id = first.id) =>
      (await test.request(`/api/comparing/answers/${id}/retract`, { method: 'POST', token: own })).status;
    expect(await retract(await test.rater('looks 2'))).toBe(404);
    expect(await retract(token, randomUUID())).toBe(404);
    expect(await retract(token)).toBe(200);
    expect(events().at(-1)).toMatchObject({ event: 'retracted', answer: first.id, rater: 'looks 1' });
    expect(await retract(token)).toBe(200);
    // A retry of the answer that was on its way does not bring it back.
    expect((await send(first, token)).status).toBe(200);
    expect(test.studio.comparisons.standing('looks 1')).toEqual({ answered: 0, open: PROMPTS });
    expect(openComparisonDesk(project).standing('looks 1')).toEqual({ answered: 0, open: PROMPTS });
    expect(events().filter(({ event }) => event === 'retracted')).toHaveLength(1);
    // The same query comes first, with the same sides.
    expect((await lease(token))[0]).toEqual(query);
    expect((await read()).comparisons[0]!.answers).toBe(1);
  });

  it('is held for the page that took its answer back', async () => {
    const token = await test.rater('looks 1');
    const leaseFor = async (page: string) => {
      const body = { count: 1, page };
      return (await test.post<{ queries: Asked[] }>('/api/comparing/lease', body, token)).queries[0]?.id;
    };
    const [id, query] = [randomUUID(), await leaseFor('one')];
    await send({ id, query, alignment: 'right', fidelity: 'right' }, token);
    await test.post(`/api/comparing/answers/${id}/retract?page=one`, {}, token);
    expect(await leaseFor('two')).not.toBe(query);
    expect(await leaseFor('one')).toBe(query);
    await test.post('/api/comparing/release', {}, token);
  });

  it('adds up: the raters who see better win for the model, whichever its side', async () => {
    const names = ['looks 0', 'looks 1', 'looks 2'];
    for (const [i, name] of names.entries()) {
      const token = await test.rater(name);
      for (const { id: query, left } of await lease(token)) {
        const better = modelOf(left) === 'tuned' ? 'left' : 'right';
        // The third says 'left' to the second question whatever is shown.
        expect((await send({ query, alignment: better, fidelity: i === 2 ? 'left' : 'tie' }, token)).status).toBe(200);
      }
      expect(await (await test.request('/api/comparing/standing', { token })).json()).toEqual({
        answered: PROMPTS,
        open: 0,
      });
    }
    const [comparison] = (await read()).comparisons;
    expect(comparison).toMatchObject({ state: 'complete', answers: 12, people: 3, open: 0 });
    const [pair] = comparison!.pairs;
    expect(pair).toMatchObject({ queries: PROMPTS, complete: PROMPTS, agreement: 3 });
    const { alignment, fidelity } = pair!.questions;
    // At least two of three say tuned on every prompt, and two of three say tie.
    expect(alignment.verdict).toMatchObject({ prompts: PROMPTS, win: { mean: 1 }, difference: { mean: 1, lo: 1 } });
    expect(fidelity.verdict!.tie.mean).toBe(1);
    expect(pair!.sentences[0]).toBe(
      'tuned fits the prompt better than base in 100 % of 4 prompts, worse in 0 %; difference +100 points [100, 100].',
    );
    // One answer of the test before said 'left' without looking.
    const wrong = answers()[0]!.treatedIsLeft ? 0 : 1;
    expect(alignment.shares!.win.mean).toBeCloseTo(1 - wrong / 12, 12);
    expect(alignment.decided.histogram.win).toEqual([0, 0, wrong, PROMPTS - wrong]);
    expect(alignment.decided.agreed.win).toBeCloseTo(1 - wrong / PROMPTS, 12);
    expect(fidelity.shares!.tie.mean).toBeCloseTo(2 / 3, 12);
    // Two raters who always or nearly always say tie, and one who never does.
    const shares = ['looks 0', 'looks 1', 'looks 2'].map((rater) => {
      const own = answers().filter((answer) => answer.rater === rater);
      return own.filter((answer) => answer.fidelity === 'tie').length / own.length;
    });
    const spread = shares.reduce((sum, share) => sum + (share - 2 / 3) ** 2, 0);
    expect(fidelity.deviations!.tie).toBeCloseTo(Math.sqrt(spread / 2), 12);
    expect(fidelity.left!.mean).toBe(1);
    expect(alignment.cells.reduce((sum, cell) => sum + cell.answers, 0)).toBe(12);

    await test.post('/api/raters/looks%202/set-aside', {}, test.owner);
    const without = (await read()).comparisons[0]!;
    expect(without).toMatchObject({ answers: 8, setAside: 4, pairs: [{ complete: 0 }] });
    expect(without.pairs[0]!.questions.fidelity.left).toBeUndefined();
    await test.post('/api/raters/looks%202/take-back', {}, test.owner);
  });

  it('is read again after a crash that tore the last line', async () => {
    const path = join(project.folder, 'comparisons.jsonl');
    const whole = await readFile(path, 'utf8');
    await appendFile(path, '{"event":"answered","id":"to');
    const desk = openComparisonDesk(project);
    expect(desk.all()).toEqual(test.studio.comparisons.all());
    expect(desk.standing('looks 1')).toEqual({ answered: PROMPTS, open: 0 });
    expect(await desk.end(started().id)).toBe(true);
    await desk.close();
    expect((await readFile(path, 'utf8')).startsWith(whole)).toBe(true);
    expect(events().at(-1)).toMatchObject({ event: 'ended', comparison: started().id });
  });
});

describe('an ended comparison', () => {
  it('asks nobody, keeps its results, and lets another begin', async () => {
    const { id } = (await read()).comparisons[0]!;
    await test.post(`/api/comparisons/${id}/end`, {}, test.owner);
    expect((await test.request('/api/comparisons/none/end', { method: 'POST', token: test.owner })).status).toBe(404);
    expect((await start({ models: ['tuned', 'base'] })).status).toBe(200);
    const token = await test.rater('new');
    const asked = await lease(token);
    expect(asked).toHaveLength(PROMPTS);
    expect(asked.map((query) => query.id)).not.toContain(started().queries[0]!.id);
    const { comparisons } = await read();
    expect(comparisons.map(({ state }) => state)).toEqual(['open', 'ended']);
    expect(comparisons[1]!.answers).toBe(12);
    expect(comparisons[0]!.pairs[0]!.questions.alignment.verdict).toBeUndefined();
  });
});
