// FID against pytorch-fid on the same pictures and weights, where HEED_PYTHON names a Python that has it
// (tools/reference/README.md): features, distances, and statistics files in both directions.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  INCEPTION_FEATURES,
  INCEPTION_PIXELS,
  InceptionEmbedder,
  loadInceptionFile,
  readSafetensors,
  writeInceptionPixels,
} from '@heed/diffusion';
import { formulaPicture } from '@heed/diffusion/testing/inception-weights';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAsPillow } from '../packages/heed/src/fid/pictures/decode-as-pillow.ts';
import { listPictures } from '../packages/heed/src/fid/pictures/picture-folder.ts';
import { runFid } from '../packages/heed/src/fid/run.ts';
import { formulaInceptionFile, testPlace } from '../packages/heed/src/fid/testing.ts';

const PYTHON = process.env.HEED_PYTHON;
const COUNTS = { a: 60, b: 50 };

if (PYTHON === undefined) {
  test.skip('pytorch-fid: HEED_PYTHON is not set', () => {});
} else {
  describe('pytorch-fid', () => {
    let root: string;
    let weights: string;
    let theirs: Record<string, number>;
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'heed-fid-interop-'));
      process.env.XDG_CACHE_HOME = join(root, 'cache');
      weights = await formulaInceptionFile();
      await writeFolder('a', (picture) => picture.png());
      // JPEG: both sides must decode it to the same bytes.
      await writeFolder('b', (picture) => picture.jpeg({ quality: 85 }));
      await runFid([join(root, 'b')], { inception: weights, saveStats: join(root, 'ours.npz') }, testPlace());
      const script = fileURLToPath(new URL('../tools/reference/compare_with_pytorch_fid.py', import.meta.url));
      const { stdout } = await promisify(execFile)(PYTHON, [script, root], {
        env: { ...process.env, OMP_NUM_THREADS: '1' },
        maxBuffer: 1e7,
      });
      theirs = JSON.parse(stdout.trim().split('\n').at(-1)!);
    });
    afterAll(async () => {
      delete process.env.XDG_CACHE_HOME;
      await rm(root, { recursive: true });
    });

    async function writeFolder(name: 'a' | 'b', encode: (picture: Sharp) => Sharp): Promise<void> {
      await mkdir(join(root, name));
      for (let i = 0; i < COUNTS[name]; i++) {
        const { width, height, data } = formulaPicture(`${name}${i}`, 200, 160);
        const file = await encode(sharp(data, { raw: { width, height, channels: 3 } })).toBuffer({
          resolveWithObject: true,
        });
        await writeFile(join(root, name, `${String(i).padStart(3, '0')}.${file.info.format}`), file.data);
      }
    }

    test('computes the same features', async () => {
      const { tensors } = await readSafetensors(join(root, 'features.safetensors'));
      const { shape, data } = tensors.get('features')!;
      expect(shape).toEqual([COUNTS.b, INCEPTION_FEATURES]);
      const { files } = await listPictures(join(root, 'b'));
      await using embedder = new InceptionEmbedder(await loadInceptionFile(weights), { batchSize: COUNTS.b });
      const pixels = new Float32Array(COUNTS.b * INCEPTION_PIXELS);
      for (const [i, file] of files.entries()) {
        writeInceptionPixels(
          await readAsPillow(file),
          pixels.subarray(i * INCEPTION_PIXELS, (i + 1) * INCEPTION_PIXELS),
        );
      }
      const ours = await embedder.features(pixels, COUNTS.b);
      let [error, size] = [0, 0];
      data.forEach((value, i) => {
        error += (ours[i]! - value) ** 2;
        size += value ** 2;
      });
      expect(Math.sqrt(error / size)).toBeLessThan(1e-5);
    });

    test('computes the same distance', async () => {
      const { fid } = await runFid([join(root, 'a'), join(root, 'b')], { inception: weights }, testPlace());
      expect(fid).toBeGreaterThan(0.1);
      expect(Math.abs(fid! - theirs.folders!)).toBeLessThan(1e-3);
    });

    test("reads heed's statistics, and heed reads its own", async () => {
      expect(theirs.names).toEqual(['mu', 'sigma']);
      expect(Math.abs(theirs['with ours']! - theirs.folders!)).toBeLessThan(1e-3);
      const paths = [join(root, 'a'), join(root, 'theirs.npz')];
      const { fid } = await runFid(paths, { inception: weights }, testPlace());
      expect(Math.abs(fid! - theirs.folders!)).toBeLessThan(1e-3);
    });
  });
}
