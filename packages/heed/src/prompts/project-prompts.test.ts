// Which prompts a project learns from and which it evaluates on, whatever says so.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initProject } from '../project/init.ts';
import { listedHoldout, projectEvaluationPrompts, projectPrompts, projectTrainingPrompts } from './project-prompts.ts';

let folder: string;
let projects = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-project-prompts-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function projectOf(files: Readonly<Record<string, string>>, ...overrides: string[]) {
  const project = await initProject(join(folder, `${projects++}`), { overrides: ['world=none', ...overrides] });
  for (const [name, content] of Object.entries(files)) await writeFile(join(project.folder, name), content);
  return project;
}

const textsOf = (prompts: readonly { text: string }[]) => prompts.map(({ text }) => text);
const TEN = Array.from({ length: 10 }, (_, i) => `a bear number ${i}`);
const LIST = { 'prompts.txt': `${TEN.join('\n')}\n` };

describe('prompts of a project', () => {
  it("are the paper's, of which the 60 with unseen objects are held out", async () => {
    const { learning, evaluation } = await projectPrompts(await projectOf({}));
    expect([learning.length, evaluation.length]).toEqual([2774, 120]);
    expect(evaluation.filter(({ holdout }) => holdout)).toHaveLength(60);
    expect(learning.every(({ holdout }) => !holdout)).toBe(true);
  });

  it('are parted by a share where nothing says which, the same each time', async () => {
    const project = await projectOf(LIST, 'generate.prompts=prompts.txt');
    const { learning, evaluation, heldOutBy } = await projectPrompts(project);
    expect([...textsOf(learning), ...textsOf(evaluation)].sort()).toEqual(TEN);
    expect(evaluation.length).toBeGreaterThan(0);
    expect(heldOutBy).toMatchObject({ prompts: evaluation.length, why: expect.stringContaining('holdoutShare = 0.2') });
    expect(textsOf(await projectTrainingPrompts(project))).toEqual(textsOf(learning));
    expect(textsOf(await projectEvaluationPrompts(project))).toEqual(textsOf(evaluation));
    expect((await listedHoldout(project)).size).toBe(0);
  });

  it('are all to learn from with a share of 0, and then there is none to evaluate on', async () => {
    const project = await projectOf(LIST, 'generate.prompts=prompts.txt', 'evaluate.holdoutShare=0');
    expect(textsOf(await projectTrainingPrompts(project))).toEqual(TEN);
    await expect(projectEvaluationPrompts(project)).rejects.toThrow(
      'expected prompts to evaluate on, got none: prompts.txt holds none out',
    );
  });

  it('are held out as a column says, and rows that say nothing are learned from', async () => {
    const rows = TEN.map((text, i) => `${text},${i < 3 ? 'test' : i < 5 ? 'train' : ''}`);
    const project = await projectOf(
      { 'p.csv': `prompt,split\n${rows.join('\n')}\n` },
      'generate.prompts=p.csv',
      'evaluate.holdoutShare=0.9',
    );
    expect(textsOf(await projectEvaluationPrompts(project))).toEqual(TEN.slice(0, 3));
    expect(textsOf(await projectTrainingPrompts(project))).toEqual(TEN.slice(3));
    expect([...(await listedHoldout(project))]).toEqual([
      ...TEN.slice(0, 3).map((text) => [text, true]),
      ...TEN.slice(3, 5).map((text) => [text, false]),
    ]);
  });

  it('are held out where evaluate.prompts lists them, unless a row says train', async () => {
    const project = await projectOf(
      {
        ...LIST,
        'e.jsonl': `{"prompt":"${TEN[0]}"}\n{"prompt":"${TEN[1]}","split":"train"}\n{"prompt":"a new wolf"}\n`,
      },
      'generate.prompts=prompts.txt',
      'evaluate.prompts=e.jsonl',
    );
    const { learning, evaluation } = await projectPrompts(project);
    expect(textsOf(learning)).toEqual(TEN.slice(1));
    expect(evaluation.map(({ text, holdout }) => [text, holdout])).toEqual([
      [TEN[0], true],
      [TEN[1], false],
      ['a new wolf', true],
    ]);
    expect([...(await listedHoldout(project))]).toEqual([
      [TEN[0], true],
      [TEN[1], false],
      ['a new wolf', true],
    ]);
  });

  it('are parted by the share where one list is named for both', async () => {
    const project = await projectOf(LIST, 'generate.prompts=prompts.txt', 'evaluate.prompts=./prompts.txt');
    const { learning, evaluation } = await projectPrompts(project);
    expect(learning.length).toBeGreaterThan(0);
    expect(learning.length + evaluation.length).toBe(10);
  });

  it('say so where all are held out', async () => {
    const project = await projectOf({ 'p.csv': 'prompt,holdout\na,yes\nb,yes\n' }, 'generate.prompts=p.csv');
    await expect(projectTrainingPrompts(project)).rejects.toThrow('all of p.csv are held out');
  });
});
