import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, describeParameters, initializeParameters, input, type ParameterScope } from '@heed/autodiff';
import { afterAll, expect, test } from 'vitest';
import { saveModelFolder } from '../checkpoint/model-folder.ts';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseImageProcessorConfig } from '../configs/image-processor-config.ts';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig } from '../configs/vae-config.ts';
import type { RgbImage } from '../images/rgb-image.ts';
import { clip } from '../models/clip.ts';
import { unet } from '../models/unet/unet.ts';
import { vaeDecode, vaeEncode } from '../models/vae.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { trainBytePairTokenizer } from '../tokenizer/train-byte-pair-tokenizer.ts';
import { ClipEmbedder } from './clip-embedder.ts';
import type { StableDiffusionComponents } from './components.ts';
import { loadPipeline } from './load.ts';
import { defaultCuts, prunedCalls } from './pruning.ts';
import { StableDiffusionPipeline } from './stable-diffusion.ts';

const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 };
const clipConfig = parseClipConfig({
  projection_dim: 6,
  text_config: { ...tower, vocab_size: 600, max_position_embeddings: 8 },
  vision_config: { ...tower, image_size: 8, patch_size: 4 },
});
const vaeConfig = parseVaeConfig({
  block_out_channels: [8, 8],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
  norm_num_groups: 4,
});
const unetConfig = parseUnetConfig({
  sample_size: 4,
  block_out_channels: [8, 16],
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
  layers_per_block: 1,
  norm_num_groups: 4,
  cross_attention_dim: 16,
  attention_head_dim: 2,
});

/** Weights far from their initial zeros, so that everything has an influence. */
function parametersOf(build: (p: ParameterScope) => unknown) {
  const random = createRandom(11);
  const values = initializeParameters(describeParameters(build), random);
  for (const [name, { data }] of values) {
    if (name === 'logit_scale') continue;
    for (let i = 0; i < data.length; i++) data[i] = data[i]! + 0.2 * random.normal();
  }
  return values;
}

const tokenizer = createTokenizer(
  trainBytePairTokenizer(['two dogs', 'a green cat', 'a dog in the forest'], { vocabSize: 540 }),
);
const clipParameters = parametersOf((p) =>
  clip(p, clipConfig, {
    inputIds: input('inputIds', [1, 8], 'int64'),
    eosIndex: input('eosIndex', [1], 'int64'),
    pixelValues: input('pixelValues', [1, 3, 8, 8]),
  }),
);
const components: StableDiffusionComponents = {
  unet: {
    config: unetConfig,
    parameters: parametersOf((p) =>
      unet(p, unetConfig, {
        sample: input('sample', [1, 4, 4, 4]),
        timestep: input('timestep', [1]),
        encoderHiddenStates: input('text', [1, 8, 16]),
      }),
    ),
  },
  vae: {
    config: vaeConfig,
    parameters: parametersOf((p) =>
      vaeDecode(p, vaeConfig, { latents: vaeEncode(p, vaeConfig, { pixels: input('pixels', [1, 3, 8, 8]) }).mean }),
    ),
  },
  textEncoder: {
    config: clipConfig.text_config,
    parameters: new Map([...clipParameters].filter(([name]) => name.startsWith('text_model.'))),
  },
  tokenizer,
  scheduler: parseSchedulerConfig({ beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 }),
};
const pipeline = new StableDiffusionPipeline(components, { threads: 1 });
afterAll(() => pipeline.dispose());

const PROMPTS = ['two dogs', 'a green cat', 'a dog in the forest', 'two dogs', 'a dog'];
const SEEDS = [1, 2, 3, 4, 5];
const noisePicture = (seed: number, side: number): RgbImage => {
  const random = createRandom(seed);
  return { width: side, height: side, data: Uint8Array.from({ length: 3 * side * side }, () => random.integer(256)) };
};

test.each(['dpmpp_2m', 'ddim'] as const)('an image does not depend on its batch (%s)', async (sampler) => {
  const options = { steps: 4, sampler, eta: 0.5 };
  const together = await pipeline.generate({ ...options, prompts: PROMPTS, seeds: SEEDS, batchSize: 2 });
  const alone = await pipeline.generate({ ...options, prompts: ['two dogs'], seeds: [4], batchSize: 2 });
  expect(together).toHaveLength(5);
  expect(together[0]).toMatchObject({ width: 8, height: 8 });
  expect(alone[0]!.data).toEqual(together[3]!.data);
  expect(together[0]!.data).not.toEqual(together[3]!.data);
});

test('guidance, prompt and seed all change the image', async () => {
  const one = async (options: { prompt?: string; seed?: number; guidanceScale?: number; negativePrompt?: string }) => {
    const { prompt = 'two dogs', seed = 1, ...rest } = options;
    const [image] = await pipeline.generate({ prompts: [prompt], seeds: [seed], steps: 3, ...rest });
    return image!.data.join();
  };
  const variants = [
    await one({}),
    await one({ prompt: 'a green cat' }),
    await one({ seed: 2 }),
    await one({ guidanceScale: 1 }),
    await one({ guidanceScale: 3 }),
    await one({ negativePrompt: 'a dog' }),
  ];
  expect(new Set(variants).size).toBe(variants.length);
  expect(await one({})).toBe(variants[0]);
});

test.each([0, 0.5, 1])(
  'guidance %f is none: the prompt counts, the negative prompt does not',
  async (guidanceScale) => {
    const draw = async (prompt: string, options: { guidanceScale: number; negativePrompt?: string }) => {
      const [image] = await pipeline.generate({ prompts: [prompt], seeds: [1], steps: 3, ...options });
      return image!.data.join();
    };
    const [dogs, cat] = [await draw('two dogs', { guidanceScale }), await draw('a green cat', { guidanceScale })];
    expect(dogs).not.toBe(cat);
    expect(await draw('two dogs', { guidanceScale: 1 })).toBe(dogs);
    expect(await draw('two dogs', { guidanceScale, negativePrompt: 'a cat' })).toBe(dogs);
  },
);

test('progress counts steps and images, and an abort stops it', async () => {
  const seen: number[][] = [];
  const onProgress = (progress: { imagesDone: number; step: number }) =>
    seen.push([progress.imagesDone, progress.step]);
  await pipeline.generate({ prompts: ['a dog', 'a cat'], seeds: [1, 2], steps: 2, batchSize: 1, onProgress });
  expect(seen).toEqual([
    [0, 1],
    [0, 2],
    [1, 2],
    [1, 1],
    [1, 2],
    [2, 2],
  ]);
  const controller = new AbortController();
  const stopped = pipeline.generate({
    prompts: ['a dog'],
    seeds: [1],
    steps: 50,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await expect(stopped).rejects.toThrow(/abort/i);
});

test('a U-Net in training shows through, and has another hash', async () => {
  const own = new Map(
    [...components.unet.parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  );
  const live = new StableDiffusionPipeline(
    { ...components, unet: { config: unetConfig, parameters: own } },
    { threads: 1, liveUnet: true },
  );
  const draw = async () => (await live.generate({ prompts: ['a dog'], seeds: [1], steps: 3 }))[0]!.data;
  const [before, hash] = [await draw(), live.modelHash];
  expect(hash).toBe(pipeline.modelHash);
  const weight = own.get('conv_out.weight')!.data;
  weight.set(weight.map((value) => 1.5 * value));
  expect(await draw()).not.toEqual(before);
  expect(live.modelHash).not.toBe(hash);
  await live.dispose();
  await expect(draw()).rejects.toThrow(/disposed/);
});

test('latents: the mean, a sample with noise, and batches that do not matter', async () => {
  const images = [1, 2, 3].map((seed) => noisePicture(seed, 8));
  const mean = await pipeline.encodeImages(images);
  expect(mean).toHaveLength(3 * 4 * 4 * 4);
  expect(await pipeline.encodeImages(images, { noise: new Float32Array(mean.length) })).toEqual(mean);
  const noise = createRandom(1).fillNormal(new Float32Array(mean.length));
  expect(await pipeline.encodeImages(images, { noise })).not.toEqual(mean);
  const second = await pipeline.encodeImages([images[1]!]);
  second.forEach((value, i) => {
    expect(value).toBeCloseTo(mean[64 + i]!, 5);
  });
  expect(await pipeline.decodeLatents(mean)).toHaveLength(3);
});

test('a pipeline saved and loaded again draws the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heed-pipeline-'));
  try {
    await saveModelFolder(join(folder, 'model'), components, { dtype: 'F32' });
    const loaded = await loadPipeline(join(folder, 'model'), { threads: 1 });
    const draw = (from: StableDiffusionPipeline) => from.generate({ prompts: ['a dog'], seeds: [7], steps: 3 });
    expect(await draw(loaded)).toEqual(await draw(pipeline));
    expect(loaded.schedule).toEqual(pipeline.schedule);
    await loaded.dispose();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('is let go of when the drawing under way has ended', async () => {
  const busy = new StableDiffusionPipeline(components, { threads: 1 });
  const prompts = ['a dog', 'a cat'];
  const states = await busy.embedPrompts(prompts);
  const pending = [busy.embedPrompts(prompts), busy.embedPrompts(['a cat', 'a dog'])];
  // The graphs are taken by now; their runs are not over.
  await Promise.resolve();
  await busy.dispose();
  expect(await pending[0]).toEqual(states);
  await pending[1];
  await expect(busy.embedPrompts(prompts)).rejects.toThrow(/disposed/);
});

test('CLIP embeds texts and pictures of any size', async () => {
  const embedder = new ClipEmbedder(
    {
      clip: { config: clipConfig, parameters: clipParameters },
      tokenizer,
      imageProcessor: parseImageProcessorConfig({}, { imageSize: 8 }),
    },
    { threads: 1 },
  );
  const texts = await embedder.embedTexts(['two dogs', 'a cat', 'two dogs'], { batchSize: 2 });
  expect(texts).toHaveLength(18);
  expect(texts.slice(12)).toEqual(texts.slice(0, 6));
  expect(texts.slice(6, 12)).not.toEqual(texts.slice(0, 6));
  const images = await embedder.embedImages([noisePicture(1, 8), noisePicture(1, 20)]);
  expect(images).toHaveLength(12);
  expect(images.every(Number.isFinite)).toBe(true);
  expect(embedder.logitScale).toBeCloseTo(Math.exp(2.6592), 3);
  await embedder.dispose();
});

test.each(['dpmpp_2m', 'ddim', 'pndm', 'euler_a', 'dpmpp_2m_karras'] as const)(
  'pruned candidates are those that would have been drawn, at the cost that is told (%s)',
  async (sampler) => {
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const common = { steps: 5, guidanceScale: 3, sampler };
    const brightness = ({ data }: RgbImage) => data.reduce((sum, value) => sum + value, 0);
    const judged: number[] = [];
    const best = await pipeline.generateBest({
      prompt: 'two dogs',
      seeds,
      ...common,
      cuts: defaultCuts({ of: 8, keep: 1 }),
      score: async (images) => {
        judged.push(images.length);
        return images.map(brightness);
      },
    });
    expect(judged).toEqual([8, 2]);
    const all = await pipeline.generate({ prompts: seeds.map(() => 'two dogs'), seeds, ...common });
    const [image] = best.images;
    const same = all[seeds.indexOf(best.seeds[0]!)]!;
    const difference = image!.data.map((value, i) => Math.abs(value - same.data[i]!));
    expect(Math.max(...difference)).toBeLessThanOrEqual(1);
    const rank = all.filter((other) => brightness(other) > brightness(same)).length;
    expect(rank).toBeLessThan(4);
  },
);

test('pruning 16 to 4 to 1 takes half the network calls', () => {
  const cost = (of: number, keep: number) => prunedCalls(defaultCuts({ of, keep }), { of, steps: 20 }) / (20 * of);
  expect(cost(16, 1)).toBeCloseTo(0.494, 3);
  expect(cost(16, 4)).toBeCloseTo(0.55, 3);
});

test('bad requests are answered in one sentence', async () => {
  const generate = (options: object) => pipeline.generate({ prompts: ['a'], seeds: [1], ...options });
  await expect(generate({ seeds: [] })).rejects.toThrow('seeds: expected 1, one a prompt, got 0');
  await expect(generate({ width: 6 })).rejects.toThrow('image size: expected sides divisible by 4, got 6 x 8');
  await expect(generate({ steps: 0 })).rejects.toThrow('steps: expected a positive integer, got 0');
  await expect(generate({ sampler: 'magic' })).rejects.toThrow(/^sampler: expected ddim.*got "magic"$/);
  const other = { ...components, unet: { ...components.unet, config: { ...unetConfig, in_channels: 9 } } };
  expect(() => new StableDiffusionPipeline(other)).toThrow(
    /^unet: expected 4 channels in and out .* got 9 in and 4 out \(an inpainting model/,
  );
});
