/** Files of torch.save in each form, against what PyTorch reads from them (`tools/reference/make_torch_files.py`). */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readSafetensors } from '../safetensors/read-safetensors.ts';
import { openTensorFile } from './open-tensor-file.ts';
import { loadTensors } from './read-tensors.ts';

const FOLDER = fileURLToPath(new URL('golden/', import.meta.url));
const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.pth'));

test('there are files of both formats', () => {
  expect(files.filter((name) => name.includes('-legacy')).length).toBeGreaterThan(4);
  expect(files.filter((name) => !name.includes('-legacy')).length).toBeGreaterThan(4);
});

test.each(files)('%s holds what PyTorch reads from it', async (name) => {
  const expected = await readSafetensors(join(FOLDER, `${name.replace(/(-legacy)?\.pth$/, '')}.safetensors`));
  const actual = await loadTensors(join(FOLDER, name));
  expect([...actual.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
  for (const [key, { shape, data }] of expected.tensors) {
    expect({ key, shape: actual.get(key)!.shape }).toEqual({ key, shape });
    expect({ key, data: actual.get(key)!.data }).toEqual({ key, data });
  }
});

test('types are those of the file, and numbers go into a given array', async () => {
  const file = await openTensorFile(join(FOLDER, 'types.pth'));
  const types = Object.fromEntries([...file.tensors].map(([name, { dtype }]) => [name, dtype]));
  expect(types).toMatchObject({ f64: 'F64', f16: 'F16', bf16: 'BF16', i64: 'I64', bool: 'BOOL', scalar: 'F32' });
  const target = new Float32Array(6);
  expect(await file.tensors.get('f32')!.read(target)).toBe(target);
  expect(target[1]).toBeCloseTo(Math.sin(0.37), 6);
  await expect(file.tensors.get('f32')!.read(new Float32Array(5))).rejects.toThrow('expected 5 numbers, got 6');
  await file.close();
});
