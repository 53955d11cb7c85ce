/**
 * InceptionV3 against pytorch-fid: its features of five pictures, computed by tools/reference/make_inception_golden.py.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ParameterValues } from '@heed/autodiff';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadInceptionFile } from '../../checkpoint/inception-file.ts';
import { InputError } from '../../errors.ts';
import type { RgbImage } from '../../images/rgb-image.ts';
import { INCEPTION_PIXELS, InceptionEmbedder, writeInceptionPixels } from '../../pipeline/inception-embedder.ts';
import { readSafetensors } from '../../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../../safetensors/write-safetensors.ts';
import { formulaInception, formulaPicture } from '../../testing/inception-weights.ts';
import { INCEPTION_FEATURES } from './inception.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/inception.safetensors', import.meta.url));
/** Relative Euclidean distance. Measured: 3e-7. */
const TOLERANCE = 1e-5;

let folder: string;
let weights: string;
let formula: ParameterValues;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-inception-'));
  weights = join(folder, 'inception.safetensors');
  formula = formulaInception();
  await writeSafetensors(weights, formula, { dtype: 'F32' });
});
afterAll(() => rm(folder, { recursive: true }));

function distance(actual: Float32Array, expected: Float32Array): number {
  let [error, size] = [0, 0];
  expected.forEach((value, i) => {
    error += (actual[i]! - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(error / size);
}

describe('the features of InceptionV3', () => {
  it('are those of pytorch-fid for pictures of any size', async () => {
    const { tensors } = await readSafetensors(GOLDEN);
    const pictures = [...tensors.keys()].map((name) => {
      const [text, width, height] = name.split(' ') as [string, string, string];
      return formulaPicture(text, Number(width), Number(height));
    });
    await using embedder = new InceptionEmbedder(await loadInceptionFile(weights), { batchSize: 3 });
    const featuresOf = (some: readonly RgbImage[]) => {
      const pixels = new Float32Array(3 * INCEPTION_PIXELS);
      some.forEach((picture, i) => {
        writeInceptionPixels(picture, pixels.subarray(i * INCEPTION_PIXELS, (i + 1) * INCEPTION_PIXELS));
      });
      return embedder.features(pixels, some.length);
    };
    // The second batch is not full.
    const features = [...(await featuresOf(pictures.slice(0, 3))), ...(await featuresOf(pictures.slice(3)))];
    expect(features).toHaveLength(pictures.length * INCEPTION_FEATURES);
    [...tensors].forEach(([name, { data }], i) => {
      const row = Float32Array.from(features.slice(i * INCEPTION_FEATURES, (i + 1) * INCEPTION_FEATURES));
      expect(distance(row, data), name).toBeLessThan(TOLERANCE);
    });
  });
});

describe('a file of Inception weights', () => {
  const small = (name: string, shape: number[]) =>
    [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }] as const;

  it('may have the names of a saved pytorch_fid InceptionV3', async () => {
    const path = join(folder, 'blocks.safetensors');
    const blocks = [
      ['Conv2d_1a_3x3', 'Conv2d_2a_3x3', 'Conv2d_2b_3x3'],
      ['Conv2d_3b_1x1', 'Conv2d_4a_3x3'],
      ['Mixed_5b', 'Mixed_5c', 'Mixed_5d', 'Mixed_6a', 'Mixed_6b', 'Mixed_6c', 'Mixed_6d', 'Mixed_6e'],
      ['Mixed_7a', 'Mixed_7b', 'Mixed_7c'],
    ];
    const renamed = [...formula].map(([name, value]) => {
      const [layer, ...rest] = name.split('.');
      const block = blocks.findIndex((layers) => layers.includes(layer!));
      return [['blocks', block, blocks[block]!.indexOf(layer!), ...rest].join('.'), value] as const;
    });
    await writeSafetensors(path, new Map(renamed), { dtype: 'F32' });
    const [plain, saved] = [await loadInceptionFile(weights), await loadInceptionFile(path)];
    expect([...saved.keys()]).toEqual([...plain.keys()]);
    for (const [name, { data }] of plain) expect(Buffer.compare(bytes(data), bytes(saved.get(name)!.data))).toBe(0);
  });

  it('may hold a classifier and counters, which are left out', async () => {
    const path = join(folder, 'whole.safetensors');
    const extra = [small('fc.weight', [1008, 2]), small('Conv2d_1a_3x3.bn.num_batches_tracked', [1])];
    await writeSafetensors(path, new Map([...formula, ...extra]), { dtype: 'F16' });
    expect((await loadInceptionFile(path)).size).toBe(2 * 94);
  });

  it.each([
    [
      "torchvision's own network",
      () => new Map([...formula, small('fc.weight', [1000, 2048])]),
      /expected FID's InceptionV3 of 1008 classes .*, got one of 1000/,
    ],
    [
      'a missing layer',
      () => new Map([...formula].filter(([name]) => name !== 'Mixed_7c.branch_pool.bn.bias')),
      /expected a tensor "Mixed_7c.branch_pool.bn.bias" \[192\] as FID's InceptionV3 says, got none/,
    ],
    [
      'another shape',
      () => new Map([...formula, small('Mixed_5b.branch1x1.conv.weight', [64, 192, 3, 3])]),
      /"Mixed_5b.branch1x1.conv.weight": expected \[64, 192, 1, 1\] as FID's InceptionV3 says, got \[64, 192, 3, 3\]/,
    ],
    [
      'another network',
      () => new Map([small('down_blocks.0.weight', [2, 2])]),
      /expected a tensor "Conv2d_1a_3x3.conv.weight"/,
    ],
    [
      'a negative variance',
      () => {
        const name = 'Mixed_6a.branch3x3.bn.running_var';
        const variances = formula.get(name)!.data.slice();
        variances[7] = -1;
        return new Map([...formula, [name, { shape: [variances.length], data: variances }] as const]);
      },
      /"Mixed_6a.branch3x3.bn.running_var": expected variances, got -1 at index 7/,
    ],
  ])('with %s is refused in one sentence', async (_, tensors, sentence) => {
    const path = join(folder, 'bad.safetensors');
    await writeSafetensors(path, tensors(), { dtype: 'F16' });
    const error = await loadInceptionFile(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(sentence);
    expect((error as Error).message).not.toContain('\n');
  });
});

const bytes = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
