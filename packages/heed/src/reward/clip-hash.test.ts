import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clipHashOf } from './clip-hash.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-clip-hash-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

it('names the weights that are loaded, in whatever form', async () => {
  await expect(clipHashOf(folder)).rejects.toThrow(/expected model.safetensors or pytorch_model.bin, got no weights$/);
  await writeFile(join(folder, 'pytorch_model.bin'), 'torch');
  expect(await clipHashOf(folder)).toBe(sha256('torch').slice(0, 16));
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  for (const name of names) await writeFile(join(folder, name), name);
  const places = { weight_map: { a: names[1], b: names[0], c: names[1] } };
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(places));
  expect(await clipHashOf(folder)).toBe(sha256(sha256(names[0]) + sha256(names[1])).slice(0, 16));
  await writeFile(join(folder, 'model.safetensors'), 'whole');
  await writeFile(join(folder, 'model.fp16.safetensors'), 'half');
  expect(await clipHashOf(folder)).toBe(sha256('whole').slice(0, 16));
  expect(sha256(await readFile(join(folder, 'model.safetensors'), 'utf8')).slice(0, 16)).toBe(await clipHashOf(folder));
});
