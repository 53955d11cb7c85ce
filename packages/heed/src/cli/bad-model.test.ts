// Models that cannot be used end a command with one sentence and exit code 2.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { initProject } from '../project/init.ts';
import { writeRandomModels } from '../testing/random-models.ts';

const HEED = fileURLToPath(new URL('../../bin/heed.mjs', import.meta.url));
const TIMEOUT_MS = 180_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-bad-model-'));
  await writeRandomModels(folder);
  await initProject(join(folder, 'project'), { overrides: ['model.path=../model'] });
});
afterAll(() => rm(folder, { recursive: true }));

function generate(model: string): Promise<{ code: number | null; stderr: string }> {
  const args = ['generate', '--project', 'project', '--set', `model.path=${model}`, '--set', 'generate.promptLimit=1'];
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, HF_HUB_OFFLINE: '1', HF_HOME: join(folder, 'home') } };
    const child = execFile(process.execPath, [HEED, ...args], options, (_, _stdout, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    );
  });
}

async function damagedCopy(name: string, damage: (model: string) => Promise<void>): Promise<string> {
  await cp(join(folder, 'model'), join(folder, name), { recursive: true });
  await damage(join(folder, name));
  return `../${name}`;
}

test.each<[string, () => Promise<string>, RegExp]>([
  [
    'a path where nothing is',
    async () => '../nowhere',
    /nowhere: expected a folder with model_index\.json, got nothing/,
  ],
  ['an id that the hub does not have', async () => 'some/model', /some\/model does not exist, and some\/model: HF_HUB/],
  [
    'a checkpoint that is cut off',
    () => damagedCopy('cut', (model) => truncate(join(model, 'unet/diffusion_pytorch_model.safetensors'), 5000)),
    /diffusion_pytorch_model\.safetensors: expected a header of \d+ bytes as announced, got a file of 5000/,
  ],
  [
    'a config that is no JSON',
    () => damagedCopy('config', (model) => writeFile(join(model, 'vae/config.json'), '{')),
    /vae\/config\.json: expected JSON/,
  ],
  [
    'Stable Diffusion XL',
    () =>
      damagedCopy('xl', async (model) => {
        const path = join(model, 'model_index.json');
        await writeFile(
          path,
          (await readFile(path, 'utf8')).replace('"StableDiffusionPipeline"', '"StableDiffusionXLPipeline"'),
        );
      }),
    /model_index\.json: expected a pipeline of Stable Diffusion 1.x or 2.x, got "StableDiffusionXLPipeline"/,
  ],
])(
  '%s',
  async (_, prepare, sentence) => {
    const { code, stderr } = await generate(await prepare());
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  },
  TIMEOUT_MS,
);
