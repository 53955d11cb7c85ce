/** What the tiny model's networks hold of a prompt or a picture: the features that the probes read. */
import {
  addNoise,
  type ClipComponents,
  clipPixels,
  clipVision,
  type RgbImage,
  type StableDiffusionComponents,
  StableDiffusionPipeline,
  unet,
} from '@heed/diffusion';
import { compile, createRandom, type InputSpec, type Tensor } from '@heed/diffusion/autodiff';

/** Rows of features of each kind, [N, width]. */
export type Features = Record<string, { readonly width: number; readonly rows: Float32Array }>;

const BATCH = 32;

/** The frozen text states: at the end token, and their mean over all tokens. */
export async function textFeatures(
  { components, countTokens }: { components: StableDiffusionComponents; countTokens: (text: string) => number },
  texts: readonly string[],
): Promise<Features> {
  const pipeline = new StableDiffusionPipeline(components);
  const [length, width] = pipeline.textShape;
  const states = await pipeline.embedPrompts(texts);
  await pipeline.dispose();
  const end = new Float32Array(texts.length * width);
  const mean = new Float32Array(texts.length * width);
  texts.forEach((text, n) => {
    const own = states.subarray(n * length * width, (n + 1) * length * width);
    const tokens = countTokens(text);
    end.set(own.subarray((tokens - 1) * width, tokens * width), n * width);
    for (let i = 0; i < tokens * width; i++) mean[n * width + (i % width)]! += own[i]! / tokens;
  });
  return { 'end token': { width, rows: end }, 'mean of tokens': { width, rows: mean } };
}

/** CLIP's picture embedding, and its patch tokens: mean and deviation over the patches. */
export async function clipFeatures(
  { clip, imageProcessor }: ClipComponents,
  { embed, images }: { embed: (images: readonly RgbImage[]) => Promise<Float32Array>; images: readonly RgbImage[] },
): Promise<Features> {
  const { vision_config: config } = clip.config;
  const network = await compile({
    name: 'patch tokens',
    inputs: { pixelValues: { shape: [BATCH, config.num_channels, config.image_size, config.image_size] } },
    parameters: clip.parameters,
    build: (p, { pixelValues }) => ({
      tokens: clipVision(p, config, { pixelValues }).lastHiddenState,
    }),
  });
  const tokens = 1 + (config.image_size / config.patch_size) ** 2;
  const width = config.hidden_size;
  const rows = await inBatches(images, 2 * width, async (batch) => {
    const { tokens: data } = await network.run({ pixelValues: clipPixels(batch, imageProcessor) });
    return batch.map((_, n) => {
      const patches = data.subarray((n * tokens + 1) * width, (n + 1) * tokens * width);
      return momentsOf(patches, { width, at: (i, c) => i * width + c });
    });
  });
  network.dispose();
  const embeds = await embed(images);
  return {
    'CLIP embedding': { width: embeds.length / images.length, rows: embeds },
    'CLIP patch tokens': { width: 2 * width, rows },
  };
}

/** The U-Net's blocks at a timestep, without a prompt: mean and deviation over positions. */
export async function unetFeatures(
  components: StableDiffusionComponents,
  { images, timestep, seed }: { images: readonly RgbImage[]; timestep: number; seed: number },
): Promise<Features> {
  const pipeline = new StableDiffusionPipeline(components);
  const shape = pipeline.latentShape();
  const latents = await pipeline.encodeImages(images);
  const empty = await pipeline.embedPrompts(['']);
  const [length, textWidth] = pipeline.textShape;
  await pipeline.dispose();
  const blocks = new Map<string, Tensor>();
  const inputs = {
    sample: { shape: [BATCH, ...shape] },
    timestep: { shape: [BATCH] },
    encoderHiddenStates: { shape: [BATCH, length, textWidth] },
  } satisfies Record<string, InputSpec>;
  const network = await compile({
    name: 'features',
    inputs,
    parameters: components.unet.parameters,
    build(p, x) {
      unet(p, components.unet.config, x, { observe: (block, features) => blocks.set(block, features) });
      return Object.fromEntries(blocks);
    },
  });
  const noise = createRandom(seed).fillNormal(new Float32Array(latents.length));
  const timesteps = images.map(() => timestep);
  const noisy = addNoise({ schedule: pipeline.schedule, clean: latents, noise, timesteps });
  const size = shape[0]! * shape[1]! * shape[2]!;
  const features: Record<string, { width: number; rows: Float32Array }> = {};
  for (const [block, { shape: own }] of blocks) {
    features[`U-Net ${block}`] = { width: 2 * own[1]!, rows: new Float32Array(2 * own[1]! * images.length) };
  }
  const encoderHiddenStates = new Float32Array(BATCH * length * textWidth);
  for (let n = 0; n < BATCH; n++) encoderHiddenStates.set(empty, n * length * textWidth);
  for (let start = 0; start < images.length; start += BATCH) {
    const sample = new Float32Array(BATCH * size);
    sample.set(noisy.subarray(start * size, (start + BATCH) * size));
    const outputs = await network.run({
      sample,
      timestep: new Float32Array(BATCH).fill(timestep),
      encoderHiddenStates,
    });
    for (const [block, { shape: own }] of blocks) {
      const [channels, positions] = [own[1]!, own[2]! * own[3]!];
      for (let n = 0; n < Math.min(BATCH, images.length - start); n++) {
        const planes = outputs[block]!.subarray(n * channels * positions, (n + 1) * channels * positions);
        const row = momentsOf(planes, { width: channels, at: (i, c) => c * positions + i });
        features[`U-Net ${block}`]!.rows.set(row, (start + n) * 2 * channels);
      }
    }
  }
  network.dispose();
  return features;
}

/** Mean and standard deviation of each channel over positions, [2 * width]. */
function momentsOf(data: Float32Array, { width, at }: { width: number; at: (i: number, channel: number) => number }) {
  const positions = data.length / width;
  const moments = new Float32Array(2 * width);
  for (let c = 0; c < width; c++) {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < positions; i++) {
      const value = data[at(i, c)]!;
      sum += value;
      squares += value * value;
    }
    const mean = sum / positions;
    moments[c] = mean;
    moments[width + c] = Math.sqrt(Math.max(0, squares / positions - mean * mean));
  }
  return moments;
}

/** Rows of all images; the last batch is filled up with its first image. */
async function inBatches(
  images: readonly RgbImage[],
  width: number,
  rowsOf: (batch: RgbImage[]) => Promise<Float32Array[]>,
): Promise<Float32Array> {
  const rows = new Float32Array(images.length * width);
  for (let start = 0; start < images.length; start += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => images[start + i] ?? images[start]!);
    const own = await rowsOf(batch);
    own.slice(0, images.length - start).forEach((row, i) => {
      rows.set(row, (start + i) * width);
    });
  }
  return rows;
}
