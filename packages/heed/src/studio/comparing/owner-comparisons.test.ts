// What the owner can do with a blind comparison beyond starting it: people a query, prompts with pictures, marks,
// repeat, export.
import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describePeople } from '../../evaluate/describe-people.ts';
import type { Evaluation } from '../../evaluate/evaluation.ts';
import { peopleFindings } from '../../evaluate/people.ts';
import { exportComparisons } from '../../export/comparisons.ts';
import type { Project } from '../../project/project.ts';
import { selectPrompts } from '../../prompts/select.ts';
import { addDrawnImages, makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import { readComparisons } from './read-comparisons.ts';

const PROMPTS = 12;
let folder: string;
let project: Project;
let test: TestStudio;
let id: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-owner-comparisons-'));
  project = await makeDrawnProject(join(folder, 'p'), { prompts: 1, overrides: ['evaluate.resamples=100'] });
  const prompts = selectPrompts(paperTrainingPrompts(), PROMPTS);
  for (const model of ['base', 'tuned']) {
    await addDrawnImages(project, { prompts, set: 'eval', model, imagesPerPrompt: 2 });
  }
  test = await openTestStudio(project);
  ({ id } = await test.post<{ id: string }>('/api/comparisons', { models: ['tuned', 'base'], raters: 1 }, test.owner));
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

interface Asked {
  id: string;
  left: { name: string }[];
}
// biome-ignore lint/suspicious/noExplicitAny: JSON as the pages get it
const get = async (path: string): Promise<any> => (await test.request(path, { token: test.owner })).json();
const comparison = async (at = 0) => (await get('/api/comparisons')).comparisons[at];
const isTuned = ({ left }: Asked) => test.studio.images.find(left[0]!.name)!.model === 'tuned';

/** Answers all that is asked of a rater. */
async function answerAll(name: string, say: (query: Asked) => 'left' | 'right' | 'tie', seconds: number) {
  const token = await test.rater(name);
  const { queries } = await test.post<{ queries: Asked[] }>('/api/comparing/lease', { count: 10 }, token);
  for (const query of queries) {
    const said = say(query);
    const body = { id: randomUUID(), query: query.id, alignment: said, fidelity: said, seconds };
    await test.post('/api/comparing/answers', body, token);
  }
  return queries.length;
}
const forTuned = (query: Asked) => (isTuned(query) ? 'left' : 'right');

it('asks as many people as the owner says, also later', async () => {
  while ((await answerAll('ann', forTuned, 5)) > 0);
  expect(await comparison()).toMatchObject({ state: 'complete', ratersPerQuery: 1, open: 0, answers: PROMPTS });
  const ann = { id: 'ann', queries: 0, comparisons: PROMPTS };
  expect((await get('/api/raters')).raters).toContainEqual(expect.objectContaining(ann));
  expect(await answerAll('bob', forTuned, 5)).toBe(0);
  await test.post(`/api/comparisons/${id}/raters`, { raters: 2 }, test.owner);
  expect(await comparison()).toMatchObject({ state: 'open', ratersPerQuery: 2, open: PROMPTS });
  // Too fast to look, and the same side whatever is on it.
  while ((await answerAll('bob', () => 'left', 0.4)) > 0);
  expect(await comparison()).toMatchObject({ state: 'complete', answers: 2 * PROMPTS });
  expect(readComparisons(project)[0]).toMatchObject({ raters: 2 });
});

it('marks raters who always say one side or answer faster than anybody looks', async () => {
  const { raters } = await comparison();
  expect(raters).toMatchObject([
    { id: 'ann', medianSeconds: 5 },
    { id: 'bob', flags: ['speed', 'side'], medianSeconds: 0.4, left: { mean: 1 } },
  ]);
  // The coin puts the better model on one side nearly always once in 130 comparisons of this size.
  expect(raters[0].flags).not.toContain('speed');
  const people = (await get('/api/raters')).raters as { id: string; quality: { flags: string[] } }[];
  expect(people.find((rater) => rater.id === 'bob')!.quality.flags).toEqual(['speed', 'side']);
});

it('shows the prompts that were won and lost, with their pictures', async () => {
  const [prompts] = (await get(`/api/comparisons/${id}/prompts`)).pairs;
  expect(prompts).toHaveLength(PROMPTS);
  for (const { votes, outcomes, treated, baseline } of prompts) {
    // Ann says tuned everywhere; Bob agrees where the coin put it left.
    expect(outcomes.alignment).toBe(votes.alignment.win === 2 ? 'win' : 'tie');
    expect(votes.alignment.win + votes.alignment.lose).toBe(2);
    const models = [treated, baseline].map(([first]) => test.studio.images.find(first.name)!.model);
    expect(models).toEqual(['tuned', 'base']);
  }
});

it('says the same in the studio, in evaluations and in the report', async () => {
  const arm = (name: string) => ({ name, label: name, model: name, modelHash: `hash of ${name}`, imageIds: [] });
  const evaluation = { arms: [arm('base'), arm('tuned')], prompts: [], settings: { seed: 0 } } as unknown as Evaluation;
  const lines = describePeople(await peopleFindings(project, evaluation), evaluation);
  const { sentences } = (await comparison()).pairs[0];
  expect(sentences[0]).toMatch(/^tuned fits the prompt better than base in \d+ % of 12 prompts, worse in 0 %; diff/);
  expect(lines.slice(0, 2)).toEqual(sentences);
});

describe('an export', () => {
  it('has one row an answer that stands, as seen from the model', async () => {
    const file = join(folder, 'comparisons.csv');
    expect(await exportComparisons(project, file, { format: 'csv' })).toMatchObject({ rows: 2 * PROMPTS });
    const rows: Record<string, string>[] = parse(await readFile(file, 'utf8'), { columns: true });
    const own = rows.filter(({ rater }) => rater === 'ann');
    expect(own.map(({ alignment, model, comparedWith }) => [alignment, model, comparedWith])).toEqual(
      Array(PROMPTS).fill(['win', 'tuned', 'base']),
    );
    expect(own[0]!.images!.split(' ')).toHaveLength(2);
    const response = await test.request(`/api/comparisons/${id}/answers/jsonl`, { token: test.owner });
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(2 * PROMPTS);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      comparison: id,
      images: [expect.stringMatching(/^img-/), expect.anything()],
    });
  });

  it('of a comparison that is not there is refused in a sentence', async () => {
    const response = await test.request('/api/comparisons/none/answers/csv', { token: test.owner });
    expect([response.status, await response.json()]).toMatchObject([409, { error: expect.stringContaining('none') }]);
  });
});

it('is repeated with the same models once nobody is asked', async () => {
  await test.post(`/api/comparisons/${id}/repeat`, {}, test.owner);
  expect(await comparison()).toMatchObject({ state: 'open', models: ['tuned', 'base'], ratersPerQuery: 2, answers: 0 });
  const again = await test.request(`/api/comparisons/${id}/repeat`, { method: 'POST', token: test.owner });
  expect(again.status).toBe(409);
});

it('reads comparisons of earlier heeds', async () => {
  const side = (model: string) => ({ model, modelHash: model });
  const image = '0123456789abcdef';
  const query = { id: 'q', prompt: 'A dog.', category: 'count', seen: true, treated: [image], baseline: [image] };
  const event = { event: 'started', id: 'old', time: new Date().toISOString(), raters: 3, seed: 1, queries: [query] };
  const line = JSON.stringify({ ...event, treated: side('tuned'), baseline: side('base') });
  const copy = { ...project, folder: join(folder, 'old') } as Project;
  await (await import('node:fs/promises')).mkdir(copy.folder);
  await appendFile(join(copy.folder, 'comparisons.jsonl'), `${line}\n`);
  expect(await readFile(join(copy.folder, 'comparisons.jsonl'), 'utf8')).toContain('"treated":{"model"');
  const [found] = readComparisons(copy);
  expect(found!.started.models.map(({ model }) => model)).toEqual(['tuned', 'base']);
  expect(found!.started.queries[0]!.pair).toEqual([0, 1]);
});
