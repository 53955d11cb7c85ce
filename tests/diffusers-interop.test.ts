// Files that heed writes give the same pictures wherever they are read: by heed itself always, by diffusers and
// transformers where HEED_PYTHON names a Python that has them, with peft (tools/reference/README.md).
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type ClipEmbedder,
  COMPONENT_KINDS,
  type ComponentConfigs,
  type ComponentName,
  clipPixels,
  clipTokenizer,
  initializeLora,
  loadClip,
  loadLora,
  loadModel,
  loraModules,
  type ModelComponent,
  mergeLora,
  parseClipConfig,
  parseClipTextConfig,
  parseImageProcessorConfig,
  parseSchedulerConfig,
  parseUnetConfig,
  parseVaeConfig,
  type RgbImage,
  readSafetensors,
  type SamplerName,
  type StableDiffusionComponents,
  StableDiffusionPipeline,
  saveCheckpointFile,
  saveClipFolder,
  saveLora,
  saveModelFolder,
  writeSafetensors,
} from '@heed/diffusion';
import { createRandom, initializeParameters, type ParameterValues } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PYTHON = process.env.HEED_PYTHON;
const PROMPTS = ['A green colored dog.', 'two cats on the moon'];
const SEEDS = [3, 4];
const LORA = { rank: 3, alpha: 6, layers: 'all' } as const;
const LATENT = [4, 16, 16] as const;
/** Mean absolute difference of pictures, in steps of 1/255. */
const SAME_PICTURE = 1;

let root: string;
let model: StableDiffusionComponents;
let lora: ParameterValues;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-interop-'));
  model = await randomModel();
  lora = initializeLora(model.unet.config, LORA, createRandom(5));
  shake(lora, 6, 0.1);
  await saveModelFolder(join(root, 'model'), model, { dtype: 'F32' });
  await saveCheckpointFile(join(root, 'model.safetensors'), model, { dtype: 'F32' });
  const update = { unet: loraModules(lora, LORA), textEncoder: new Map() };
  for (const spelling of ['kohya', 'diffusers'] as const) {
    await saveLora(join(root, `lora-${spelling}.safetensors`), update, { spelling, dtype: 'F32' });
  }
});
afterAll(() => rm(root, { recursive: true }));

test('a single file gives heed the same pictures as the model it was written from, a LoRA the same weights', async () => {
  const expected = await draw(model);
  expect(difference(await draw(await loadModel(join(root, 'model.safetensors'))), expected)).toBe(0);
  const merged = mergeLora(model.unet.parameters, loraModules(lora, LORA));
  expect(difference(await draw(withUnet(merged)), expected)).toBeGreaterThan(3 * SAME_PICTURE);
  for (const spelling of ['kohya', 'diffusers']) {
    const { unet } = await loadLora(join(root, `lora-${spelling}.safetensors`), configsOf(model));
    const again = mergeLora(model.unet.parameters, unet);
    expect(changedNames(again, merged)).toEqual([]);
  }
});

// Not a skipped test elsewhere: there is nothing to compare with.
if (PYTHON !== undefined) {
  describe('diffusers', () => {
    interface Case {
      name: string;
      source: 'folder' | 'file' | 'lora-kohya' | 'lora-diffusers';
      sampler: SamplerName;
      steps: number;
      guidanceScale: number;
    }
    const samplers = ['ddim', 'pndm', 'euler', 'dpmpp_2m', 'dpmpp_2m_karras'] as const;
    const cases: Case[] = [
      ...samplers.map((sampler) => ({ name: sampler, source: 'folder', sampler, steps: 8, guidanceScale: 3 }) as const),
      ...(['file', 'lora-kohya', 'lora-diffusers'] as const).map(
        (source) => ({ name: source, source, sampler: 'ddim', steps: 4, guidanceScale: 1 }) as const,
      ),
    ];
    let results: Record<string, number>;

    beforeAll(async () => {
      const tensors: ParameterValues = new Map();
      const [channels, height, width] = LATENT;
      const size = channels * height * width;
      const latents = new Float32Array(SEEDS.length * size);
      SEEDS.forEach((seed, row) => {
        createRandom(seed).fillNormal(latents.subarray(row * size, (row + 1) * size));
      });
      tensors.set('latents', { shape: [SEEDS.length, ...LATENT], data: latents });
      const merged = withUnet(mergeLora(model.unet.parameters, loraModules(lora, LORA)));
      for (const one of cases) {
        const images = await draw(one.source.startsWith('lora') ? merged : model, one);
        tensors.set(`image.${one.name}`, stack(images));
      }
      for (const [name, value] of await clipTensors(join(root, 'clip'))) tensors.set(name, value);
      await writeSafetensors(join(root, 'inputs.safetensors'), tensors, { dtype: 'F32' });
      await writeFile(join(root, 'cases.json'), JSON.stringify({ prompts: PROMPTS, cases }));
      const script = fileURLToPath(new URL('../tools/reference/compare_with_diffusers.py', import.meta.url));
      const { stdout } = await promisify(execFile)(PYTHON, [script, root], {
        env: { ...process.env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' },
        maxBuffer: 1e7,
      });
      results = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>;
      if (process.env.HEED_GOLDEN_ERRORS) console.log(results);
    });

    test.each(cases)('draws the same pictures: $name', ({ name }) => {
      expect(results[name]).toBeLessThan(SAME_PICTURE);
    });

    test.each([
      ['pixels', 1e-6],
      ['imageEmbeds', 1e-4],
      ['textEmbeds', 1e-4],
    ] as const)("CLIP's %s agree", (name, tolerance) => expect(results[`clip ${name}`]).toBeLessThan(tolerance));

    test.each(['bins', 'shards'])('writes folders that heed reads: %s', async (name) => {
      const loaded = await loadModel(join(root, 'from-diffusers', name));
      const expected = await loadModel(join(root, 'from-diffusers/model'));
      for (const part of ['unet', 'vae', 'textEncoder'] as const)
        expect(changedNames(loaded[part].parameters, expected[part].parameters)).toEqual([]);
    });

    test.each(['old.ckpt', 'legacy.ckpt'])('and torch.save checkpoints: %s', async (name) => {
      const path = join(root, 'from-diffusers', name);
      const expected = await loadModel(join(root, 'model.safetensors'));
      const loaded = await loadModel(path);
      for (const part of ['unet', 'vae', 'textEncoder'] as const)
        expect(changedNames(loaded[part].parameters, expected[part].parameters)).toEqual([]);
      const shifted = new Map(
        [...expected.unet.parameters].map(([key, { shape, data }]) => [key, { shape, data: data.map((x) => x + 1) }]),
      );
      expect(changedNames((await loadModel(path, { ema: true })).unet.parameters, shifted)).toEqual([]);
    });

    test('writes a model and a LoRA that heed reads', async () => {
      const { tensors } = await readSafetensors(join(root, 'from-diffusers.safetensors'));
      const loaded = await loadModel(join(root, 'from-diffusers/model'));
      const path = join(root, 'from-diffusers/lora/pytorch_lora_weights.safetensors');
      const { unet } = await loadLora(path, configsOf(loaded));
      expect([...unet.values()].every(({ alpha, down }) => alpha > 0 && down.shape[0] === 2)).toBe(true);
      const options = { sampler: 'ddim', steps: 4, guidanceScale: 1 } as const;
      const plain = stack(await draw(loaded, options)).data;
      expect(meanDifference(plain, tensors.get('plain')!.data)).toBeLessThan(SAME_PICTURE);
      const merged = { config: loaded.unet.config, parameters: mergeLora(loaded.unet.parameters, unet) };
      const adapted = stack(await draw({ ...loaded, unet: merged }, options)).data;
      expect(meanDifference(adapted, tensors.get('lora')!.data)).toBeLessThan(SAME_PICTURE);
      expect(meanDifference(adapted, plain)).toBeGreaterThan(3 * SAME_PICTURE);
    });
  });
}

async function randomModel(): Promise<StableDiffusionComponents> {
  const tokenizer = await clipTokenizer();
  return {
    tokenizer,
    unet: component(
      'unet',
      parseUnetConfig({
        sample_size: LATENT[1],
        block_out_channels: [32, 64],
        down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
        up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
        layers_per_block: 1,
        cross_attention_dim: 64,
      }),
      0.03,
    ),
    vae: component(
      'vae',
      parseVaeConfig({
        block_out_channels: [32, 64],
        down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
        up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
        sample_size: 32,
      }),
      0.03,
    ),
    textEncoder: component(
      'textEncoder',
      parseClipTextConfig({
        vocab_size: tokenizer.vocabSize,
        hidden_size: 64,
        intermediate_size: 96,
        num_hidden_layers: 2,
        num_attention_heads: 1,
        projection_dim: 64,
      }),
      0.3,
    ),
    scheduler: parseSchedulerConfig({
      _class_name: 'PNDMScheduler',
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      beta_end: 0.012,
      steps_offset: 1,
      set_alpha_to_one: false,
      skip_prk_steps: true,
    }),
  };
}

function component<Name extends ComponentName>(
  name: Name,
  config: ComponentConfigs[Name],
  size: number,
): ModelComponent<ComponentConfigs[Name]> {
  const random = createRandom(1).fork(name);
  const parameters = initializeParameters(COMPONENT_KINDS[name].parameters(config), random);
  shake(parameters, 2, size);
  return { config, parameters };
}

/** Moves every number some way, zeros above all, so that everything has an influence. */
function shake(parameters: ParameterValues, seed: number, size: number): void {
  const random = createRandom(seed);
  for (const [name, { data }] of parameters) {
    const own = random.fork(name);
    for (let i = 0; i < data.length; i++) data[i] = data[i]! + size * own.normal();
  }
}

/** Names whose numbers are not the same. Not `toEqual`, which takes seconds on this many. */
function changedNames(actual: ParameterValues, expected: ParameterValues): string[] {
  const other = [...expected].filter(([name, { data }]) => data.some((x, i) => x !== actual.get(name)?.data[i]));
  return other.map(([name]) => name);
}

function withUnet(parameters: ParameterValues): StableDiffusionComponents {
  return { ...model, unet: { config: model.unet.config, parameters } };
}

function configsOf({ unet, textEncoder }: StableDiffusionComponents) {
  return { unet: unet.config, textEncoder: textEncoder.config };
}

async function draw(
  components: StableDiffusionComponents,
  {
    sampler = 'ddim',
    steps = 4,
    guidanceScale = 1,
  }: { sampler?: SamplerName; steps?: number; guidanceScale?: number } = {},
): Promise<RgbImage[]> {
  await using pipeline = new StableDiffusionPipeline(components, { threads: 1 });
  // Awaited here, before the pipeline is disposed of.
  return await pipeline.generate({
    prompts: PROMPTS,
    seeds: SEEDS,
    sampler,
    steps,
    guidanceScale,
    width: 32,
    height: 32,
  });
}

/** [N, H, W, 3] from 0 to 255. */
function stack(images: readonly RgbImage[]) {
  const { width, height } = images[0]!;
  const data = Float32Array.from(images.flatMap((image) => [...image.data]));
  return { shape: [images.length, height, width, 3], data };
}

function difference(a: readonly RgbImage[], b: readonly RgbImage[]): number {
  return meanDifference(stack(a).data, stack(b).data);
}

function meanDifference(a: Float32Array, b: Float32Array): number {
  return a.length === b.length ? a.reduce((sum, x, i) => sum + Math.abs(x - b[i]!), 0) / a.length : Number.NaN;
}

/** A CLIP folder, and what heed makes of pictures and texts with it. */
async function clipTensors(folder: string): Promise<ParameterValues> {
  const tokenizer = await clipTokenizer();
  const tower = { hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 1 };
  const config = parseClipConfig({
    projection_dim: 24,
    text_config: { ...tower, vocab_size: tokenizer.vocabSize, eos_token_id: tokenizer.eosId },
    vision_config: { ...tower, image_size: 64, patch_size: 16 },
  });
  const imageProcessor = parseImageProcessorConfig({}, { imageSize: 64 });
  await saveClipFolder(folder, { clip: component('clip', config, 0.1), tokenizer, imageProcessor }, { dtype: 'F32' });
  await using embedder: ClipEmbedder = await loadClip(folder, { threads: 1 });
  const random = createRandom(8);
  const pictures = Array.from({ length: 3 }, () => {
    // Smooth and sharp at once; neither square nor of the tower's size.
    const data = new Uint8Array(90 * 70 * 3);
    for (let i = 0; i < data.length; i++)
      data[i] = Math.floor(128 + 90 * Math.sin(i / 37) + 37 * (2 * random.uniform() - 1));
    return { width: 90, height: 70, data };
  });
  const tensors: ParameterValues = new Map();
  tensors.set('pictures', stack(pictures));
  const pixels = clipPixels(pictures, imageProcessor);
  tensors.set('clip.pixels', { shape: [3, 3, 64, 64], data: pixels });
  tensors.set('clip.imageEmbeds', { shape: [3, 24], data: await embedder.embedImages(pictures) });
  tensors.set('clip.textEmbeds', { shape: [2, 24], data: await embedder.embedTexts(PROMPTS) });
  return tensors;
}
