// Shards of drawing: each image once, in the order of one process; lost shards named; what launchers say of themselves.
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runGenerate } from '../generate/run.ts';
import { createImageStore } from '../images/index.ts';
import { runPrepare } from '../prepare/run.ts';
import { type createProgressFactory, silentProgress } from '../progress/index.ts';
import { initProject, type Project, projectPaths, takeLock } from '../project/index.ts';
import { openVectorCache } from '../storage/vector-cache.ts';
import { readKeys } from '../storage/vector-file.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { shardOfEnvironment } from './environment.ts';
import { parseShard, partOf } from './shard.ts';
import { describeIncomplete, takeInShards } from './take-in.ts';

let folder: string;
let pristine: Project;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-shards-'));
  const models = await writeRandomModels(folder);
  pristine = await initProject(join(folder, 'pristine'), {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      'threads=1',
      'sample.steps=1',
      'sample.batchSize=2',
      'world=emoji',
      'tune.pretrainingImages=5',
    ],
  });
});
afterAll(() => rm(folder, { recursive: true }));

async function freshProject(name: string): Promise<Project> {
  await cp(pristine.folder, join(folder, name), { recursive: true });
  return { ...pristine, folder: join(folder, name), paths: projectPaths(join(folder, name)) };
}

const WORK = { set: 'train', prompts: paperTrainingPrompts().slice(0, 5), imagesPerPrompt: 3 };
const IMAGES = 15;

const draw = (project: Project, shard?: string, options = {}) =>
  runGenerate(
    project,
    { ...WORK, shard: shard === undefined ? undefined : parseShard(shard), ...options },
    silentProgress,
  );
const indexOf = (project: Project) => readFile(join(project.paths.images, 'index.jsonl'), 'utf8');
const pngs = async (project: Project) =>
  (await readdir(project.paths.images, { recursive: true })).filter((name) => name.endsWith('.png')).sort();

describe('shards of drawing', () => {
  it('come to the index of one process, byte by byte, in whatever order they run', async () => {
    const alone = await freshProject('alone');
    await draw(alone);
    const shared = await freshProject('shared');
    for (const shard of ['3/4', '1/4', '4/4', '2/4']) await draw(shared, shard);
    expect(createImageStore(shared.paths.images).all()).toEqual([]);
    expect(await takeInShards(shared)).toEqual({ images: IMAGES, incomplete: [] });
    expect(await indexOf(shared)).toBe(await indexOf(alone));
    expect(await pngs(shared)).toEqual(await pngs(alone));
    expect(await readdir(join(shared.paths.images, 'shards'))).toEqual([]);
    expect(await draw(shared, '2/4')).toMatchObject({ generated: 0 });
  });

  it('that stop are named and done again; nothing is drawn twice', async () => {
    const project = await freshProject('lost');
    const controller = new AbortController();
    const progress: typeof silentProgress = () => ({
      update: (done) => done >= 2 && controller.abort(),
      done: () => {},
    });
    const stopped = runGenerate(
      project,
      { ...WORK, shard: { number: 1, of: 2 }, signal: controller.signal },
      progress as ReturnType<typeof createProgressFactory>,
    );
    await expect(stopped).rejects.toThrow();
    const first = await takeInShards(project);
    expect(first).toMatchObject({ images: 2, incomplete: [{ drawn: 2, images: 7 }, {}] });
    expect(first!.incomplete.map(describeIncomplete)).toEqual([
      expect.stringContaining("shard 1/2 of set 'train' has drawn 2 of its 7 images on host "),
      expect.stringMatching(
        /^shard 2\/2 of set 'train' was not begun; .* --shard 2\/2 and the same settings, or remove .*images.shards.train-\w+ to give it up$/,
      ),
    ]);
    // This process runs still, as far as the list can tell.
    await expect(draw(project, '1/2')).rejects.toThrow("has been drawing shard 1/2 of set 'train'");
    await expect(draw(project)).rejects.toThrow("has been drawing shard 1/2 of set 'train'");
    await markEnded(project);
    expect(await draw(project, '1/2')).toMatchObject({ images: 7, generated: 5 });
    expect(await draw(project, '2/2')).toMatchObject({ images: 8, generated: 8 });
    expect(await takeInShards(project)).toEqual({ images: 13, incomplete: [] });
    expect(await pngs(project)).toHaveLength(IMAGES);
    expect(await draw(project)).toMatchObject({ images: IMAGES, generated: 0 });
  });

  it('of settings that were given up are named until their lists are removed as the line says', async () => {
    const project = await freshProject('given-up');
    await draw(project, '1/2');
    const fewer = { prompts: WORK.prompts.slice(0, 2) };
    await draw(project, undefined, fewer);
    const { incomplete } = (await takeInShards(project))!;
    expect(incomplete).toMatchObject([{ shard: { number: 2, of: 2 } }]);
    await rm(incomplete[0]!.folder, { recursive: true });
    expect(await takeInShards(project)).toBeUndefined();
    expect(createImageStore(project.paths.images).all()).toHaveLength(7);
  });

  it('are waited for while another process merges them, and not while one draws', async () => {
    const project = await freshProject('merging');
    const hold = (command: string) => takeLock(project.paths.state, 'generate', { command });
    for (const shard of ['1/2', '2/2']) await draw(project, shard);
    const merge = await hold('generate --merge');
    const taken = takeInShards(project);
    await sleep(200);
    expect(createImageStore(project.paths.images).all()).toEqual([]);
    await merge.release();
    expect(await taken).toEqual({ images: IMAGES, incomplete: [] });

    const again = await hold('generate --merge');
    const drawn = draw(project);
    await sleep(200);
    await again.release();
    expect(await drawn).toMatchObject({ images: IMAGES, generated: 0 });

    await draw(project, '1/2', { set: 'more' });
    const generating = await hold('generate');
    expect(await takeInShards(project)).toBeUndefined();
    await generating.release();
  });

  it('two attempts at one shard count once, and one process may do the rest of all', async () => {
    const project = await freshProject('twice');
    await draw(project, '1/3');
    await forgetAttempts(project);
    expect(await draw(project, '1/3')).toMatchObject({ generated: 5 });
    await draw(project, '3/3');
    expect(await draw(project)).toMatchObject({ images: IMAGES, generated: 5 });
    expect(createImageStore(project.paths.images).all()).toHaveLength(IMAGES);
    expect(await takeInShards(project)).toBeUndefined();
  });
});

it('shards of embedding and encoding leave nothing to compute, and the rows of one process', async () => {
  const alone = await freshProject('prepare-alone');
  await draw(alone);
  const shared = await freshProject('prepare-shared');
  await cp(alone.paths.images, shared.paths.images, { recursive: true });
  const whole = await runPrepare(alone, {}, silentProgress);
  expect(whole).toMatchObject({ embedded: IMAGES, encoded: IMAGES });
  for (const number of [1, 2, 3]) await runPrepare(shared, { shard: { number, of: 3 } }, silentProgress);
  const caches = (await readdir(alone.paths.state, { recursive: true })).filter((name) => name.endsWith('.f32'));
  expect(caches).toHaveLength(3);
  for (const file of caches) {
    const name = file.slice(0, -'.f32'.length);
    const keys = (await readKeys(join(alone.paths.state, `${name}.keys.jsonl`))).map(({ key }) => key);
    const length = (await stat(join(alone.paths.state, file))).size / 4 / keys.length;
    const [expected, found] = [
      await openVectorCache(join(alone.paths.state, name), { length }),
      await openVectorCache(join(shared.paths.state, name), { length }),
    ];
    expect(found.size).toBe(keys.length);
    for (const key of keys) expect(await found.get(key)).toEqual(await expected.get(key));
    await expected.close();
    await found.close();
    expect(await readdir(join(shared.paths.state, `${name}.parts`))).toEqual([]);
  }
});

/** Makes the attempts' process one that has ended. */
async function markEnded(project: Project): Promise<void> {
  await editHeaders(project, (header) => ({ ...header, process: { ...(header.process as object), pid: 2 ** 22 + 1 } }));
}

/** Makes the attempts' lists empty, as those of a host whose writes are not seen here. */
async function forgetAttempts(project: Project): Promise<void> {
  await editHeaders(project, (header) => ({ ...header, isDone: false, process: { pid: 1, host: 'elsewhere' } }));
  const lists = join(project.paths.images, 'shards');
  for (const name of await readdir(lists, { recursive: true })) {
    if (name.endsWith('.jsonl')) await rm(join(lists, name));
  }
}

async function editHeaders(project: Project, edit: (header: Record<string, unknown>) => object): Promise<void> {
  const lists = join(project.paths.images, 'shards');
  for (const name of await readdir(lists, { recursive: true })) {
    if (!name.endsWith('.json')) continue;
    const path = join(lists, name);
    await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, 'utf8')))));
  }
}

describe('the shard of a process', () => {
  it('has its part of a list', () => {
    const items = Array.from({ length: 11 }, (_, i) => i);
    const parts = [1, 2, 3, 4].map((number) => partOf(items, { number, of: 4 }));
    expect(parts.flat()).toEqual(items);
    expect(parts.map(({ length }) => length).sort()).toEqual([2, 3, 3, 3]);
  });

  it.each(['0/4', '5/4', '1', '1/0', 'a/b', ''])('is not %j', (text) => {
    expect(() => parseShard(text)).toThrow('expected a shard and their number such as 1/4');
  });

  it.each([
    [{}, undefined],
    [
      { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' },
      { number: 2, of: 4 },
    ],
    [{ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' }, undefined],
    [
      { SLURM_PROCID: '2', SLURM_STEP_NUM_TASKS: '3' },
      { number: 3, of: 3 },
    ],
    // The shell of a batch script is one process.
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '4' }, undefined],
    [
      { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_STEP: '1' },
      { number: 3, of: 4 },
    ],
    // One task of an array, begun again.
    [
      { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_COUNT: '1', HEED_SHARDS: '4' },
      { number: 3, of: 4 },
    ],
    [
      { JOB_COMPLETION_INDEX: '0', HEED_SHARDS: '4' },
      { number: 1, of: 4 },
    ],
    [
      { JOB_COMPLETION_INDEX: '1', HEED_SHARDS: '2', OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '3' },
      { number: 5, of: 6 },
    ],
    [{ HEED_SHARDS: '1', OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' }, undefined],
  ])('by the environment %o is %o', (env, shard) => {
    expect(shardOfEnvironment(env)).toEqual(shard);
  });

  it.each([
    [{ JOB_COMPLETION_INDEX: '1' }, 'HEED_SHARDS: expected the completions of the job'],
    [{ HEED_SHARDS: '4' }, 'HEED_SHARDS: expected SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX'],
    [{ HEED_SHARDS: '4', JOB_COMPLETION_INDEX: '4' }, 'expected an index from 0 to 3, got 4'],
    [{ HEED_SHARDS: 'four' }, "HEED_SHARDS: expected a whole number, got 'four'"],
    [
      { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_COUNT: '3', SLURM_ARRAY_TASK_MIN: '1' },
      'expected an array without gaps, got task 7 of 3',
    ],
  ])('is refused for %o', (env, sentence) => {
    expect(() => shardOfEnvironment(env)).toThrow(sentence);
  });
});
