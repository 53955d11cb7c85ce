import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compile,
  createRandom,
  createTrainingStep,
  initializeParameters,
  meanSquaredError,
  type ParameterScope,
  type ParameterValues,
} from '@heed/autodiff';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMPONENT_KINDS } from '../checkpoint/component-kinds.ts';
import { parseClipTextConfig } from '../configs/clip-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { unet } from '../models/unet/unet.ts';
import { readSafetensors, readSafetensorsHeader } from '../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import { initializeLora, type LoraModules, loraModules, loraParameters, mergeLora } from './lora.ts';
import { loadLora, saveLora } from './lora-file.ts';
import { isLoraParameter, type LoraLayers, type LoraOptions, withLora } from './low-rank-scope.ts';

const config = parseUnetConfig({
  block_out_channels: [8, 16],
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
  layers_per_block: 1,
  cross_attention_dim: 12,
  attention_head_dim: 2,
  norm_num_groups: 4,
});
const textEncoder = parseClipTextConfig({
  vocab_size: 50,
  hidden_size: 12,
  intermediate_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 8,
});
const configs = { unet: config, textEncoder };
const options = (layers: LoraLayers): LoraOptions => ({ rank: 3, alpha: 6, layers });

const INPUTS = {
  sample: { shape: [2, 4, 8, 8] },
  timestep: { shape: [2] },
  encoderHiddenStates: { shape: [2, 5, 12] },
};

/** Values away from zero everywhere, so that nothing hides behind an initial zero. */
function shaken(parameters: ParameterValues, seed: number, size = 0.2): ParameterValues {
  const random = createRandom(seed);
  for (const [name, { data }] of parameters) {
    const own = random.fork(name);
    for (let i = 0; i < data.length; i++) data[i] = data[i]! + size * own.normal();
  }
  return parameters;
}

const base = () => shaken(initializeParameters(COMPONENT_KINDS.unet.parameters(config), createRandom(1)), 2, 0.05);
const normals = (seed: number, count: number) => createRandom(seed).fillNormal(new Float32Array(count));
const feeds = () => ({
  sample: normals(3, 2 * 4 * 64),
  timestep: Float32Array.of(10, 700),
  encoderHiddenStates: normals(4, 2 * 5 * 12),
});

/** A compiled U-Net that reads `parameters` again at each call. */
async function compileUnet(parameters: ParameterValues, adapt: (p: ParameterScope) => ParameterScope) {
  const compiled = await compile({
    name: 'lora',
    inputs: INPUTS,
    parameters,
    threads: 1,
    liveParameters: true,
    build: (p, x) => ({ y: unet(adapt(p), config, x) }),
  });
  const predict = async () => (await compiled.run(feeds())).y.slice();
  return Object.assign(predict, { dispose: () => compiled.dispose() });
}

/** Names of the parameters with other numbers. Not `toEqual`, which takes seconds on this many. */
const changed = (a: ParameterValues, b: ParameterValues) =>
  [...a.keys()].filter((name) => a.get(name)!.data.some((x, i) => x !== b.get(name)!.data[i]));

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((largest, x, i) => Math.max(largest, Math.abs(x - b[i]!)), 0);

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-lora-'));
});
afterAll(() => rm(root, { recursive: true }));

describe.each(['attention', 'all'] as const)('a LoRA on %s layers', (layers) => {
  test('changes nothing at first, and then what its merged weights change', async () => {
    const weights = base();
    const lora = initializeLora(config, options(layers), createRandom(5));
    const predict = await compileUnet(weights, (p) => p);
    const predictAdapted = await compileUnet(new Map([...weights, ...lora]), (p) => withLora(p, options(layers)));
    const plain = await predict();
    expect(largestDifference(await predictAdapted(), plain)).toBeLessThan(1e-6);

    shaken(lora, 6, 0.1);
    const adapted = await predictAdapted();
    expect(largestDifference(adapted, plain)).toBeGreaterThan(0.01);
    const modules = loraModules(lora, options(layers));
    const merged = mergeLora(weights, modules);
    expect(merged.get('conv_in.weight')).toBe(weights.get('conv_in.weight'));
    const none = mergeLora(weights, modules, { strength: 0 });
    expect(changed(none, weights)).toEqual([]);
    const again = mergeLora(weights, modules, { into: none });
    for (const [name, { data }] of again) {
      expect(data).toBe(none.get(name)!.data);
      weights.get(name)!.data.set(merged.get(name)!.data);
    }
    expect(largestDifference(adapted, await predict())).toBeLessThan(1e-5);
    predict.dispose();
    predictAdapted.dispose();
  });

  test('trains alone, the base stays as it is', async () => {
    const weights = base();
    const before = base();
    const lora = initializeLora(config, options(layers), createRandom(5));
    const training = await createTrainingStep({
      name: 'lora',
      inputs: { ...INPUTS, target: { shape: [2, 4, 8, 8] } },
      parameters: new Map([...weights, ...lora]),
      trainable: isLoraParameter,
      loss: (p, { target, ...x }) => ({
        loss: meanSquaredError(unet(withLora(p, options(layers)), config, x), target),
      }),
      threads: 1,
    });
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) {
      const { loss } = await training.step({ ...feeds(), target: normals(9, 512) }, { learningRate: 0.02 });
      losses.push(loss);
    }
    training.dispose();
    expect(losses.at(-1)!).toBeLessThan(0.97 * losses[0]!);
    expect([...training.state.firstMoment.keys()].sort()).toEqual([...lora.keys()].sort());
    expect(changed(weights, before)).toEqual([]);
  });
});

test('attention means its four projections, all means every layer inside the blocks', () => {
  const names = (layers: LoraLayers) =>
    loraParameters(config, options(layers)).map(({ name, shape }) => `${name} ${shape}`);
  expect(names('attention').length).toBe(2 * 8 * 4); // 4 transformers of 2 attentions
  expect(names('attention')).toContain('mid_block.attentions.0.transformer_blocks.0.attn2.to_k.lora_down.weight 3,12');
  expect(names('all')).toContain('down_blocks.0.resnets.0.conv1.lora_down.weight 3,8,3,3');
  expect(names('all')).toContain('down_blocks.0.resnets.0.conv1.lora_up.weight 8,3,1,1');
  expect(names('all')).toContain('down_blocks.0.downsamplers.0.conv.lora_up.weight 8,3,1,1');
  expect(names('all')).toContain('up_blocks.1.resnets.0.time_emb_proj.lora_down.weight 3,32');
  expect(names('all').some((name) => /^(conv_in|conv_out|time_embedding)/.test(name))).toBe(false);
  expect(() => loraParameters(config, { rank: 0, alpha: 1, layers: 'all' })).toThrow(/rank of at least 1, got 0/);
  expect(() => loraParameters(config, { rank: 1, alpha: 0, layers: 'all' })).toThrow(/alpha above 0, got 0/);
});

describe('LoRA files', () => {
  const trained = (layers: LoraLayers) =>
    loraModules(shaken(initializeLora(config, options(layers), createRandom(5)), 6, 0.1), options(layers));
  const text: LoraModules = new Map([
    [
      'text_model.encoder.layers.0.self_attn.q_proj',
      {
        down: { shape: [2, 12], data: normals(1, 24) },
        up: { shape: [12, 2], data: normals(2, 24) },
        alpha: 1,
      },
    ],
  ]);

  test.each([
    { spelling: 'kohya', layers: 'attention' },
    { spelling: 'kohya', layers: 'all' },
    { spelling: 'diffusers', layers: 'attention' },
    { spelling: 'diffusers', layers: 'all' },
  ] as const)('of $layers layers in the spelling of $spelling survive a round trip', async ({ spelling, layers }) => {
    const path = join(root, `${spelling}-${layers}.safetensors`);
    const lora = { unet: trained(layers), textEncoder: text };
    await saveLora(path, lora, { spelling, dtype: 'F32' });
    const loaded = await loadLora(path, configs);
    const written = (modules: LoraModules) =>
      Object.fromEntries(
        [...modules].map(([module, { down, up, alpha }]) => {
          if (spelling === 'kohya') return [module, { down, up, alpha }];
          const rank = down.shape[0]!; // alpha has no place there: it is in the factors
          return [module, { down, up: { ...up, data: up.data.map((x) => (x * alpha) / rank) }, alpha: rank }];
        }),
      );
    expect(Object.fromEntries(loaded.unet)).toEqual(written(lora.unet));
    expect(Object.fromEntries(loaded.textEncoder)).toEqual(written(text));
    await expect(saveLora(path, lora)).rejects.toThrow(/expected a file that does not exist yet/);
  });

  /**
   * The names under which ComfyUI looks for a module, from `comfy/lora.py`: `model_lora_keys_unet`,
   * `model_lora_keys_clip`, and the ends of its factors that all its versions since 2023 know, or those since 2024.
   */
  const comfyNames = (module: string, part: 'unet' | 'textEncoder') => {
    const underscored = module.replaceAll('.', '_');
    if (part === 'textEncoder') return [`lora_te_${underscored}`, `text_encoder.${module}`];
    return [
      `lora_unet_${underscored}`,
      `unet.${module.replaceAll('.to_', '.processor.to_').replace(/\.to_out\.0$/, '.to_out')}`,
    ];
  };
  const COMFY_ENDS = [
    ['.lora_up.weight', '.lora_down.weight'],
    ['_lora.up.weight', '_lora.down.weight'],
    ['.lora.up.weight', '.lora.down.weight'],
    ['.lora_linear_layer.up.weight', '.lora_linear_layer.down.weight'],
  ] as const;

  test.each(['kohya', 'diffusers'] as const)(
    'in the spelling of %s have names that ComfyUI reads, all of them',
    async (spelling) => {
      const { tensors } = await readSafetensors(join(root, `${spelling}-all.safetensors`));
      const loaded = new Set<string>();
      const wanted = { unet: trained('all'), textEncoder: text };
      for (const part of ['unet', 'textEncoder'] as const) {
        for (const [module, { down, up, alpha }] of wanted[part]) {
          const names = comfyNames(module, part);
          const found = names.flatMap((name) => COMFY_ENDS.map(([a, b]) => [name, name + a, name + b] as const));
          const [name, upName, downName] = found.find(([, key]) => tensors.has(key)) ?? [];
          expect([module, name]).not.toEqual([module, undefined]);
          const rank = down.shape[0]!;
          const strength = tensors.has(`${name}.alpha`) ? tensors.get(`${name}.alpha`)!.data[0]! / rank : 1;
          expect(tensors.get(downName!)!.data).toEqual(down.data);
          const effect = tensors.get(upName!)!.data.map((x) => x * strength);
          expect(effect).toEqual(up.data.map((x) => (x * alpha) / rank));
          for (const key of [upName!, downName!, `${name}.alpha`]) loaded.add(key);
        }
      }
      expect([...tensors.keys()].filter((key) => !loaded.has(key))).toEqual([]);
    },
  );

  test('in the spelling of diffusers have the names that it renames itself', async () => {
    // KEYS_TO_ALWAYS_REPLACE and UNET_TO_DIFFUSERS of diffusers' utils/state_dict_utils.py.
    const renamed = (key: string) =>
      key
        .replace('.processor.', '.')
        .replace(/\.to_out_lora\.(up|down)/, '.to_out.0.lora.$1')
        .replace(/\.(to_[qkv])_lora\.(up|down)/, '.$1.lora.$2')
        .replace('.lora.up.', '.lora_B.')
        .replace('.lora.down.', '.lora_A.');
    const { tensors } = await readSafetensors(join(root, 'diffusers-all.safetensors'));
    const unet = [...tensors.keys()].filter((key) => key.startsWith('unet.'));
    expect(unet.map(renamed).sort()).toEqual(
      [...trained('all').keys()]
        .flatMap((module) => [`unet.${module}.lora_A.weight`, `unet.${module}.lora_B.weight`])
        .sort(),
    );
  });

  test('say how they were made', async () => {
    const path = join(root, 'facts.safetensors');
    await saveLora(
      path,
      { unet: trained('all'), textEncoder: new Map() },
      {
        facts: {
          name: 'tuned',
          learningRate: 1e-4,
          seed: 7,
          steps: 100,
          resolution: 512,
          finishedAt: new Date(0),
          baseModelFile: { fileName: 'v1-5.safetensors', sha256: 'ab'.repeat(32) },
        },
        metadata: { heed: 'x' },
      },
    );
    const { metadata, entries } = await readSafetensorsHeader(path);
    expect(metadata).toEqual({
      format: 'pt',
      heed: 'x',
      ss_network_module: 'networks.lora',
      ss_network_dim: '3',
      ss_network_alpha: '6',
      ss_network_args: '{"conv_dim":"3","conv_alpha":"6"}',
      ss_base_model_version: 'sd_v1',
      ss_v2: 'False',
      ss_output_name: 'tuned',
      ss_sd_model_name: 'v1-5.safetensors',
      ss_new_sd_model_hash: 'ab'.repeat(32),
      ss_learning_rate: '0.0001',
      ss_unet_lr: '0.0001',
      ss_seed: '7',
      ss_steps: '100',
      ss_max_train_steps: '100',
      ss_resolution: '(512, 512)',
      ss_training_finished_at: '0',
      'modelspec.sai_model_spec': '1.0.1',
      'modelspec.architecture': 'stable-diffusion-v1/lora',
      'modelspec.implementation': 'diffusers',
      'modelspec.title': 'tuned',
      'modelspec.date': '1970-01-01T00:00:00',
      'modelspec.resolution': '512x512',
    });
    // kohya's spelling, as its sd-scripts write it.
    const module = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0';
    expect(entries.get(`${module}.lora_down.weight`)).toMatchObject({ shape: [3, 16], dtype: 'F16' });
    expect(entries.get(`${module}.alpha`)?.shape).toEqual([]);
  });

  test('are read in the older spellings and in names of the original layout', async () => {
    const wanted = Object.fromEntries(trained('attention'));
    const respell = async (spelling: string, rename: (tensor: string) => string) => {
      const { tensors } = await readSafetensors(join(root, `${spelling}-attention.safetensors`));
      const copy: ParameterValues = new Map([...tensors].map(([tensor, value]) => [rename(tensor), value]));
      const path = join(root, 'respelled.safetensors');
      await writeSafetensors(path, copy, { dtype: 'F32' });
      return Object.fromEntries((await loadLora(path, configs)).unet);
    };
    const original = await respell('kohya', (tensor) =>
      tensor
        .replace('mid_block_attentions_0', 'middle_block_1')
        .replace('down_blocks_1_attentions_0', 'input_blocks_3_1'),
    );
    expect(original).toEqual(wanted);
  });

  test('are read in the names that diffusers writes today, with alpha in the metadata or without', async () => {
    const wanted = trained('attention');
    const tensors: ParameterValues = new Map();
    for (const [module, { down, up }] of wanted) {
      tensors.set(`unet.${module}.lora_A.weight`, down).set(`unet.${module}.lora_B.weight`, up);
    }
    const path = join(root, 'peft.safetensors');
    const read = async (metadata: Record<string, string>) => {
      await writeSafetensors(path, tensors, { dtype: 'F32', metadata });
      return Object.fromEntries((await loadLora(path, configs)).unet);
    };
    const first = [...wanted.keys()][0]!;
    // Python's JSON.
    const adapter = `{"unet.r": 3, "unet.lora_alpha": 6.0, "unet.lora_dropout": NaN, "unet.alpha_pattern": {"${first}": 1}}`;
    const told = await read({ lora_adapter_metadata: adapter });
    expect(told).toEqual({ ...Object.fromEntries(wanted), [first]: { ...wanted.get(first)!, alpha: 1 } });
    const silent = await read({});
    expect(new Set(Object.values(silent).map(({ alpha }) => alpha))).toEqual(new Set([3])); // the rank
    await expect(read({ lora_adapter_metadata: 'secret' })).rejects.toThrow(
      /"lora_adapter_metadata": expected JSON, got: expected a value, got something else \(line 1, column 1\)$/,
    );
  });

  const q = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q';
  const one = { shape: [1], data: Float32Array.of(1) };
  const cases: [what: string, change: (t: ParameterValues) => void, expected: RegExp][] = [
    [
      'a factor without its partner',
      (t) => t.delete(`${q}.lora_up.weight`),
      /tensor ".*to_q.lora_down.weight": expected both factors/,
    ],
    [
      'a factor of another shape',
      (t) => t.set(`${q}.lora_down.weight`, { shape: [3, 9], data: new Float32Array(27) }),
      /tensor ".*to_q.lora_down.weight": expected \[3, 16\] for a weight of \[16, 16\], got \[3, 9\]/,
    ],
    [
      'a module that the model does not have',
      (t) => t.set('lora_unet_down_blocks_7_attentions_0_proj_in.alpha', one),
      /tensor "lora_unet_down_blocks_7.*": expected a module of the model's U-Net/,
    ],
    ['LoHa', (t) => t.set(`${q}.hada_w1_a`, one), /got LoHa: tensor ".*hada_w1_a"/],
    ['a LoRA of Stable Diffusion XL', (t) => t.set('lora_te2_x.alpha', one), /another family \(Stable Diffusion XL/],
    [
      'a checkpoint',
      (t) => t.set('model.diffusion_model.out.2.bias', one),
      /got tensor "model.diffusion_model.out.2.bias"/,
    ],
    [
      'many alphas',
      (t) => t.set(`${q}.alpha`, { shape: [2], data: new Float32Array(2) }),
      /alpha": expected one number, got \[2\]/,
    ],
    ['nothing', (t) => t.clear(), /got no tensor$/],
  ];
  test.each(cases)('with %s end in one sentence', async (_, change, expected) => {
    const path = join(root, 'wrong.safetensors');
    const { tensors } = await readSafetensors(join(root, 'kohya-attention.safetensors'));
    const copy: ParameterValues = new Map(tensors);
    change(copy);
    await writeSafetensors(path, copy, { dtype: 'F32' });
    const { message } = await loadLora(path, configs).then(
      () => new Error('was read'),
      (error: Error) => error,
    );
    expect(message).toMatch(expected);
    expect(message.startsWith(`${path}: `)).toBe(true);
  });
});
