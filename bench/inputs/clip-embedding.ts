/**
 * Scenes of the emoji world and their captions; where CLIP's pictures have another size, random pixels in their place.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTokenizer, parseClipConfig, parseImageProcessorConfig } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { createPretrainingStream } from '@heed/emoji-world';
import type { ClipEmbeddingSettings } from '../settings.ts';
import { FILES, type Inputs, tensor } from './files.ts';

/** `images` [N, H, W, 3] of bytes, `inputIds` [N, T], and the image processor's `imageMean` and `imageStd` [3]. */
export async function clipEmbeddingInputs(folder: string, { pairs }: ClipEmbeddingSettings): Promise<Inputs> {
  const clip = join(folder, FILES.clip);
  const readJson = async (name: string) => JSON.parse(await readFile(join(clip, name), 'utf8'));
  const config = parseClipConfig(await readJson('config.json'));
  const { image_size: imageSize } = config.vision_config;
  const imageProcessor = parseImageProcessorConfig(await readJson('preprocessor_config.json'), { imageSize });
  const tokenizer = await loadTokenizer(clip);
  const stream = await createPretrainingStream({ seed: 1 });
  const examples = Array.from({ length: pairs }, (_, i) => stream.at(i));
  const texts = examples.map(({ caption }) => caption);
  const random = createRandom(1);
  const noise = () => Buffer.from(Array.from({ length: imageSize * imageSize * 3 }, () => random.integer(256)));
  const pictures = examples.map(({ image }) => (image.width === imageSize ? image.data : noise()));
  const length = Math.min(tokenizer.maxLength, config.text_config.max_position_embeddings);
  const { inputIds } = tokenizer.encode(texts, { maxLength: length });
  const tensors = new Map([
    ['images', tensor([pairs, imageSize, imageSize, 3], Buffer.concat(pictures))],
    ['inputIds', tensor([pairs, length], Array.from(inputIds, Number))],
    ['imageMean', tensor([3], imageProcessor.image_mean)],
    ['imageStd', tensor([3], imageProcessor.image_std)],
  ]);
  return { tensors, texts };
}
