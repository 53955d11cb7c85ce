/**
 * Pictures and texts to embeddings with the shipped CLIP: `loadClip` and its embedder, bytes and strings to vectors.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadClip, type RgbImage, readSafetensors } from '@heed/diffusion';
import { FILES, tensor } from '../inputs/files.ts';
import type { ClipEmbeddingSettings } from '../settings.ts';
import type { OpenOptions, Workload } from './workload.ts';

export async function openClipEmbedding({
  folder,
  settings: { batchSize, imagesOnly = false },
  threads,
  runtime,
}: OpenOptions<ClipEmbeddingSettings>): Promise<Workload> {
  const clip = await loadClip(join(folder, FILES.clip), { ...runtime, threads });
  const texts: string[] = JSON.parse(await readFile(join(folder, FILES.texts), 'utf8'));
  const images = await readImages(join(folder, FILES.inputs));
  const embed = async () => ({
    ...(imagesOnly ? {} : { textEmbeds: await clip.embedTexts(texts, { batchSize }) }),
    imageEmbeds: await clip.embedImages(images, { batchSize }),
  });
  return {
    async check() {
      const shape = [texts.length, clip.projectionDim];
      return new Map(Object.entries(await embed()).map(([name, data]) => [name, tensor(shape, data)]));
    },
    runOnce: embed,
  };
}

async function readImages(path: string): Promise<RgbImage[]> {
  const { shape, data } = (await readSafetensors(path)).tensors.get('images')!;
  const [count, height, width] = shape as [number, number, number, number];
  const size = height * width * 3;
  return Array.from({ length: count }, (_, i) => ({
    width,
    height,
    data: Uint8Array.from(data.subarray(i * size, (i + 1) * size)),
  }));
}
