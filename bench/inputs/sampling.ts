/** Prompts, also as token ids, and the noise that heed draws for their seeds. */
import { join } from 'node:path';
import { loadTokenizer, readModelConfigs } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { paperEvaluationPrompts } from '@heed/emoji-world';
import type { SamplingSettings } from '../settings.ts';
import { FILES, type Inputs, tensor } from './files.ts';
import { seedOf } from './seeds.ts';

/** `inputIds` [B, T], `negativeIds` [1, T], `noise` [B, C, h, w]. */
export async function samplingInputs(folder: string, { batchSize }: SamplingSettings): Promise<Inputs> {
  const model = join(folder, FILES.model);
  const { unet, textEncoder } = await readModelConfigs(model);
  const tokenizer = await loadTokenizer(join(model, 'tokenizer'));
  const prompts = paperEvaluationPrompts();
  const texts = Array.from({ length: batchSize }, (_, i) => prompts[i % prompts.length]!.text);
  const length = Math.min(tokenizer.maxLength, textEncoder.max_position_embeddings);
  const ids = (rows: readonly string[]) =>
    tensor([rows.length, length], Array.from(tokenizer.encode(rows, { maxLength: length }).inputIds, Number));
  const { in_channels: channels, sample_size: side } = unet;
  const shape = [batchSize, channels, side ?? 64, side ?? 64];
  const noise = tensor(
    shape,
    texts.flatMap((_, i) => Array.from(noiseOf(i, shape.slice(1)))),
  );
  return {
    tensors: new Map([
      ['inputIds', ids(texts)],
      ['negativeIds', ids([''])],
      ['noise', noise],
    ]),
    texts,
  };
}

function noiseOf(index: number, [channels, height, width]: readonly number[]): Float32Array {
  return createRandom(seedOf(index)).fillNormal(new Float32Array(channels! * height! * width!));
}
