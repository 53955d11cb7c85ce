/** The batch scripts of docs/recipes on a Slurm of one machine: tuning with srun, drawing as an array of shards. */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { type Project, projectPaths } from '../packages/heed/src/project/index.ts';
import { takeInShards } from '../packages/heed/src/shards/take-in.ts';
import { type Slurm, startSlurm } from './slurm.ts';
import { makeTuningProject, startTune } from './tuning-project.ts';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const HEED = at('packages/heed/bin/heed.mjs');

let folder: string;
let slurm: Slurm;
let pristine: Project;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-slurm-'));
  slurm = await startSlurm(folder);
  const overrides = ['tune.batchSize=4', 'tune.replicas=4', 'generate.promptLimit=10', 'generate.imagesPerPrompt=2'];
  pristine = await makeTuningProject(folder, { steps: 8, overrides });
});
afterAll(async () => {
  slurm?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function freshProject(name: string): Promise<Project> {
  const project = join(folder, name);
  await cp(pristine.folder, project, { recursive: true });
  return { ...pristine, folder: project, paths: projectPaths(project) };
}

async function tunedWeights({ paths }: Project): Promise<string> {
  const weights = await readFile(join(paths.models, 'tuned/unet/diffusion_pytorch_model.safetensors'));
  return createHash('sha256').update(weights).digest('hex');
}

it('tune.sbatch gives the bits of one process', async () => {
  const alone = await freshProject('alone');
  expect(await startTune(alone.folder).ended).toMatchObject({ code: 0 });
  const project = await freshProject('tuned');
  const asked = ['--nodes=1', '--ntasks-per-node=2', `--chdir=${project.folder}`, at('docs/recipes/tune.sbatch')];
  const state = await slurm.submit(asked, { HEED });
  const log = (await readdir(project.folder)).find((name) => name.startsWith('heed-tune-'))!;
  const said = await readFile(join(project.folder, log), 'utf8');
  expect({ state, said }).toMatchObject({ state: 'COMPLETED' });
  expect(said).toContain('2 ranks on 1 host, 2 replicas each');
  expect(await tunedWeights(project)).toBe(await tunedWeights(alone));
});

it('generate.sbatch draws each image once; one task of the array can be run alone', async () => {
  const project = await freshProject('drawn');
  await rm(project.paths.images, { recursive: true });
  const script = [`--chdir=${project.folder}`, at('docs/recipes/generate.sbatch')];
  const env = { HEED, HEED_SHARDS: '3' };
  expect(await slurm.submit(['--array=0,2', ...script], env)).toBe('COMPLETED');
  expect(await takeInShards(project)).toMatchObject({ incomplete: [{ shard: { number: 2, of: 3 } }] });
  expect(await slurm.submit(['--array=1', ...script], env)).toBe('COMPLETED');
  expect(await takeInShards(project)).toMatchObject({ incomplete: [] });
  const records = createImageStore(project.paths.images).all();
  expect(records).toHaveLength(20);
  expect(new Set(records.map(({ id }) => id)).size).toBe(20);
});
