/** Scenes of the emoji world and their captions. */
import { join } from 'node:path';
import { loadClipFolder } from '@heed/diffusion';
import { createPretrainingStream } from '@heed/emoji-world';
import type { ClipEmbeddingSettings } from '../settings.ts';
import { FILES, type Inputs, tensor } from './files.ts';

/** `images` [N, H, W, 3] of bytes, `inputIds` [N, T], and the image processor's `imageMean` and `imageStd` [3]. */
export async function clipEmbeddingInputs(folder: string, { pairs }: ClipEmbeddingSettings): Promise<Inputs> {
  const { clip, tokenizer, imageProcessor } = await loadClipFolder(join(folder, FILES.clip));
  const stream = await createPretrainingStream({ seed: 1 });
  const examples = Array.from({ length: pairs }, (_, i) => stream.at(i));
  const texts = examples.map(({ caption }) => caption);
  const { width, height } = examples[0]!.image;
  const length = Math.min(tokenizer.maxLength, clip.config.text_config.max_position_embeddings);
  const { inputIds } = tokenizer.encode(texts, { maxLength: length });
  const tensors = new Map([
    ['images', tensor([pairs, height, width, 3], Buffer.concat(examples.map(({ image }) => image.data)))],
    ['inputIds', tensor([pairs, length], Array.from(inputIds, Number))],
    ['imageMean', tensor([3], imageProcessor.image_mean)],
    ['imageStd', tensor([3], imageProcessor.image_std)],
  ]);
  return { tensors, texts };
}
