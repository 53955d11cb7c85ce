import {
  compile,
  createRandom,
  describeParameters,
  type InputSpec,
  initializeParameters,
  input,
  type ParameterScope,
  type ParameterValues,
  type Tensor,
} from '@heed/autodiff';
import { expect, test } from 'vitest';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig } from '../configs/vae-config.ts';
import { clip } from './clip.ts';
import { timestepFeatures } from './unet/time-embedding.ts';
import { unet } from './unet/unet.ts';
import { vaeDecode, vaeEncode } from './vae.ts';

type Build<I extends string> = (p: ParameterScope, x: Record<I, Tensor>) => Record<string, Tensor>;

/** Initial weights, shaken so that nothing is zero. */
function shakenParameters<I extends string>(inputs: Record<I, InputSpec>, build: Build<I>): ParameterValues {
  const traced = Object.entries<InputSpec>(inputs).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]);
  const specs = describeParameters((p) => build(p, Object.fromEntries(traced) as Record<I, Tensor>));
  const random = createRandom(1);
  const values = initializeParameters(specs, random);
  for (const { data } of values.values())
    for (let i = 0; i < data.length; i++) data[i] = data[i]! + 0.1 * random.normal();
  return values;
}

async function run<I extends string>(
  inputs: Record<I, InputSpec>,
  feeds: Record<I, Float32Array | BigInt64Array>,
  build: Build<I>,
  parameters = shakenParameters(inputs, build),
): Promise<Record<string, Float32Array>> {
  const network = await compile({ name: 'test', inputs, parameters, build, threads: 1 });
  const outputs = await network.run(feeds);
  network.dispose();
  return outputs;
}

const normals = (seed: number, length: number) => createRandom(seed).fillNormal(new Float32Array(length));
const expectClose = (actual: Float32Array, expected: Float32Array) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 4);
  });
};

test('timestep features are those of the formula', async () => {
  const features = async (flipSinToCos: boolean, freqShift: number) =>
    (
      await run({ t: { shape: [1] } }, { t: Float32Array.of(7) }, (_, x) => ({
        y: timestepFeatures(x.t, { size: 4, flipSinToCos, freqShift }),
      }))
    ).y!;
  const slow = 7 / 100;
  expectClose(await features(true, 0), Float32Array.of(Math.cos(7), Math.cos(slow), Math.sin(7), Math.sin(slow)));
  const slowest = 7 / 10_000;
  expectClose(
    await features(false, 1),
    Float32Array.of(Math.sin(7), Math.sin(slowest), Math.cos(7), Math.cos(slowest)),
  );
});

const SMALL = {
  block_out_channels: [8, 16],
  layers_per_block: 1,
  norm_num_groups: 4,
  cross_attention_dim: 6,
  attention_head_dim: 2,
  down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
};
const UNET_INPUTS = {
  sample: { shape: [2, 4, 4, 4] },
  timestep: { shape: [2] },
  encoderHiddenStates: { shape: [2, 3, 6] },
};
const UNET_FEEDS = {
  sample: normals(2, 128),
  timestep: Float32Array.of(10, 800),
  encoderHiddenStates: normals(3, 36),
};

test('the U-Net reads all its inputs, sample by sample, and recomputing changes nothing', async () => {
  const config = parseUnetConfig(SMALL);
  const build: Build<keyof typeof UNET_INPUTS> = (p, x) => ({ y: unet(p, config, x) });
  const { y } = await run(UNET_INPUTS, UNET_FEEDS, build);
  const recomputed = await run(UNET_INPUTS, UNET_FEEDS, (p, x) => ({ y: unet(p, config, x, { recompute: true }) }));
  expectClose(recomputed.y!, y!);
  for (const [name, at] of [
    ['sample', 100],
    ['timestep', 1],
    ['encoderHiddenStates', 30],
  ] as const) {
    const changed = UNET_FEEDS[name].slice();
    changed[at] = changed[at]! + 3;
    const other = (await run(UNET_INPUTS, { ...UNET_FEEDS, [name]: changed }, build)).y!;
    expect(other.slice(0, 64), `${name} of the second sample leaves the first alone`).toEqual(y!.slice(0, 64));
    expect(other.slice(64)).not.toEqual(y!.slice(64));
  }
});

test('a linear projection is the 1 x 1 convolution', async () => {
  const build = (useLinear: boolean): Build<keyof typeof UNET_INPUTS> => {
    const config = parseUnetConfig({ ...SMALL, use_linear_projection: useLinear });
    return (p, x) => ({ y: unet(p, config, x) });
  };
  const convolving = shakenParameters(UNET_INPUTS, build(false));
  const linear: ParameterValues = new Map(
    [...convolving].map(([name, { shape, data }]) => {
      return [name, { shape: /proj_(in|out)\.weight$/.test(name) ? shape.slice(0, 2) : shape, data }];
    }),
  );
  const expected = await run(UNET_INPUTS, UNET_FEEDS, build(false), convolving);
  expectClose((await run(UNET_INPUTS, UNET_FEEDS, build(true), linear)).y!, expected.y!);
});

test('attention_head_dim is a number of heads, one for each level where it is a list', async () => {
  const build = (attentionHeadDim: unknown): Build<keyof typeof UNET_INPUTS> => {
    const config = parseUnetConfig({ ...SMALL, attention_head_dim: attentionHeadDim });
    return (p, x) => ({ y: unet(p, config, x) });
  };
  const [two, listed, other] = await Promise.all(
    [2, [2, 2], [4, 2]].map(async (value) => (await run(UNET_INPUTS, UNET_FEEDS, build(value))).y!),
  );
  expect(listed).toEqual(two);
  expect(other).not.toEqual(two);
  await expect(run(UNET_INPUTS, UNET_FEEDS, build(3))).rejects.toThrow(/3 heads/);
});

test('the U-Net says which input does not fit', () => {
  const config = parseUnetConfig(SMALL);
  const trace = (shapes: { sample?: number[]; timestep?: number[]; text?: number[] }) =>
    describeParameters((p) =>
      unet(p, config, {
        sample: input('sample', shapes.sample ?? [2, 4, 4, 4]),
        timestep: input('timestep', shapes.timestep ?? [2]),
        encoderHiddenStates: input('text', shapes.text ?? [2, 3, 6]),
      }),
    );
  expect(() => trace({ sample: [2, 4, 5, 4] })).toThrow(/^U-Net sample: .*divisible by 2, got \[2, 4, 5, 4\]$/);
  expect(() => trace({ timestep: [1] })).toThrow('U-Net timestep: expected [2], got [1]');
  expect(() => trace({ text: [2, 3, 7] })).toThrow('U-Net text states: expected [2, T, 6], got [2, 3, 7]');
});

test('the VAE, with and without attention in the middle', async () => {
  const blocks = {
    down_block_types: Array(2).fill('DownEncoderBlock2D'),
    up_block_types: Array(2).fill('UpDecoderBlock2D'),
  };
  for (const attends of [true, false]) {
    const config = parseVaeConfig({
      ...blocks,
      block_out_channels: [4, 8],
      norm_num_groups: 2,
      mid_block_add_attention: attends,
    });
    const build: Build<'pixels'> = (p, x) => {
      const { mean, logVariance } = vaeEncode(p, config, x);
      return { mean, logVariance, pixels: vaeDecode(p, config, { latents: mean }) };
    };
    const parameters = shakenParameters({ pixels: { shape: [1, 3, 8, 8] } }, build);
    expect(parameters.has('decoder.mid_block.attentions.0.to_out.0.weight')).toBe(attends);
    const outputs = await run({ pixels: { shape: [1, 3, 8, 8] } }, { pixels: normals(4, 192) }, build, parameters);
    expect(outputs.mean).toHaveLength(64);
    expect(outputs.pixels).toHaveLength(192);
    expect(outputs.logVariance!.every((value) => value >= -30 && value <= 20)).toBe(true);
  }
});

test('CLIP pools at the end token and does not look beyond it', async () => {
  const tower = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 2, num_attention_heads: 2 };
  const config = parseClipConfig({
    projection_dim: 5,
    text_config: { ...tower, vocab_size: 10, max_position_embeddings: 6 },
    vision_config: { ...tower, image_size: 8, patch_size: 4 },
  });
  const inputs = {
    inputIds: { shape: [2, 5], dtype: 'int64' as const },
    eosIndex: { shape: [2], dtype: 'int64' as const },
    pixelValues: { shape: [1, 3, 8, 8] },
  };
  const embed = (ids: number[], eos: number[]) =>
    run(
      inputs,
      {
        inputIds: BigInt64Array.from(ids, BigInt),
        eosIndex: BigInt64Array.from(eos, BigInt),
        pixelValues: normals(5, 192),
      },
      (p, x) => ({ ...clip(p, config, x) }),
    );
  const { textEmbeds, imageEmbeds } = await embed([8, 1, 9, 9, 9, 8, 1, 9, 0, 0], [2, 2]);
  expectClose(textEmbeds!.slice(0, 5), textEmbeds!.slice(5));
  expect(imageEmbeds).toHaveLength(5);
  const later = await embed([8, 1, 9, 9, 9, 8, 1, 9, 0, 0], [2, 1]);
  expect(later.textEmbeds!.slice(5)).not.toEqual(textEmbeds!.slice(5));
});
