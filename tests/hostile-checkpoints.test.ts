// Damaged checkpoints with well-formed safetensors: tensors renamed, reshaped, dropped, doubled or of another type.
// There are 100 of them, and 1,000 with `npm run test:faults`. They are single files, components of a diffusers folder,
// and LoRA files. Each is refused within a second, in one sentence that names the file and the tensor.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clipTokenizer,
  InputError,
  initializeLora,
  loadCheckpointFile,
  loadLora,
  loadModelFolder,
  loraModules,
  parseClipTextConfig,
  parseUnetConfig,
  parseVaeConfig,
  readSafetensors,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type StableDiffusionComponents,
  saveCheckpointFile,
  saveLora,
  saveModelFolder,
} from '@heed/diffusion';
import { createRandom, type RandomGenerator } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomComponent, tinyModel } from '../packages/diffusion/src/testing/random-model.ts';

const MUTATIONS = Math.ceil(Number(process.env.HEED_FAULTS ?? 1000) / 10);
const LIMIT_MS = 1000;
const UNET = 'unet/diffusion_pytorch_model.safetensors';
const { tokenizer } = tinyModel();

type Entries = [name: string, dtype: string, shape: number[]][];

/** Each changes a list of tensors so that it no longer makes the model. */
const MUTATORS: Readonly<Record<string, (entries: Entries, random: RandomGenerator) => void>> = {
  drop: (entries, random) => entries.splice(random.integer(entries.length), 1),
  dropHalf: (entries, random) => entries.splice(0, 1 + random.integer(entries.length >> 1)),
  rename(entries, random) {
    const one = pick(entries, random);
    const at = random.integer(one[0].length);
    one[0] = `${one[0].slice(0, at)}x${one[0].slice(at)}`;
  },
  add: (entries, random) => entries.push([`${pick(entries, random)[0]}.more`, 'F16', [1 + random.integer(4)]]),
  grow(entries, random) {
    const one = pick(entries, random);
    one[2] = one[2].map((size, axis) => (axis === 0 ? size + 1 + random.integer(3) : size));
    if (one[2].length === 0) one[2] = [2];
  },
  transpose(entries, random) {
    const one = pick(
      entries.filter(([, , shape]) => shape.length === 2 && shape[0] !== shape[1]),
      random,
    );
    one[2] = one[2].toReversed();
  },
  flatten(entries, random) {
    const one = pick(
      entries.filter(([, , shape]) => shape.length > 1),
      random,
    );
    one[2] = [one[2].reduce((product, size) => product * size, 1)];
  },
  integers(entries, random) {
    const weights = entries.filter(([name]) => !name.endsWith('.alpha')); // which may be an integer
    pick(weights, random)[1] = ['I64', 'I32', 'U8'][random.integer(3)]!;
  },
  scalar(entries, random) {
    const one = pick(
      entries.filter(([, , shape]) => shape.length > 0),
      random,
    );
    one[2] = [];
  },
  huge(entries, random) {
    const one = pick(entries, random);
    one[2] = [0, ...one[2].map(() => 2 ** 20)];
  },
};

function pick<T>(list: readonly T[], random: RandomGenerator): T {
  return list[random.integer(list.length)]!;
}

const BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, I64: 8, I32: 4, U8: 1 };

/**
 * A well-formed file of these tensors, all zero. Largest types first, so that every offset is a multiple of its size.
 */
function encode(entries: Entries): Buffer {
  let position = 0;
  const sorted = entries.toSorted(([, a], [, b]) => BYTES[b]! - BYTES[a]!);
  const fields = sorted.map(([name, dtype, shape]) => {
    const begin = position;
    position += shape.reduce((product, size) => product * size, BYTES[dtype]!);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, position] })}`;
  });
  const text = Buffer.from(`{${fields.join(',')}}`);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([prefix, text, Buffer.alloc(position)]);
}

interface Target {
  readonly what: string;
  /** The file that is damaged. */
  readonly path: string;
  readonly load: () => Promise<unknown>;
}

let root: string;
let targets: Target[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-hostile-models-'));
  const model = tinyModel();
  const folder = join(root, 'model');
  await saveModelFolder(folder, model, { dtype: 'F16' });
  const lora = join(root, 'lora.safetensors');
  const options = { rank: 2, alpha: 2, layers: 'all' } as const;
  const unet = loraModules(initializeLora(model.unet.config, options, createRandom(1)), options);
  await saveLora(lora, { unet, textEncoder: new Map() });
  const single = join(root, 'single.safetensors');
  await writeFile(single, encode(await singleFileEntries(join(root, 'clip.safetensors'))));
  const configs = { unet: model.unet.config, textEncoder: model.textEncoder.config };
  targets = [
    { what: 'a single file', path: single, load: () => loadCheckpointFile(single, { tokenizer }) },
    { what: 'a folder', path: join(folder, UNET), load: () => loadModelFolder(folder) },
    { what: 'a LoRA', path: lora, load: () => loadLora(lora, configs) },
  ];
});
afterAll(() => rm(root, { recursive: true }));

test(`${MUTATIONS} damaged checkpoints of each kind end in one sentence each`, async () => {
  const problems: string[] = [];
  for (const { what, path, load } of targets) {
    await load();
    const pristine = `${path}.pristine`;
    await cp(path, pristine);
    const whole = entriesOf(await readSafetensorsHeader(path));
    for (let seed = 0; seed < MUTATIONS; seed++) {
      const [name, mutate] = Object.entries(MUTATORS)[seed % Object.keys(MUTATORS).length]!;
      const entries = whole.map(([tensor, dtype, shape]): Entries[number] => [tensor, dtype, [...shape]]);
      mutate(entries, createRandom(seed));
      await writeFile(path, encode(entries));
      await readSafetensors(path, { only: () => false }); // well formed: what is refused below is the model
      const started = process.cpuUsage();
      const outcome = await load().then(
        () => 'it was read',
        (error: unknown) => error,
      );
      const { user, system } = process.cpuUsage(started); // a busy machine does not stretch it
      const elapsed = (user + system) / 1000;
      const report = (problem: string) => problems.push(`${what}, ${name}, seed ${seed}: ${problem}`);
      if (elapsed > LIMIT_MS) report(`took ${elapsed} ms of work`);
      // A LoRA without some of its modules, or with alpha = rank, is one.
      if (!(outcome instanceof Error)) {
        if (what !== 'a LoRA' || !name.startsWith('drop')) report(`${outcome}`);
      }
      if (outcome instanceof Error) {
        const { message } = outcome;
        if (outcome.constructor !== Error && !(outcome instanceof InputError))
          report(`an unexpected ${outcome.constructor.name}: ${message}`);
        if (!message.startsWith(`${path}: `)) report(`does not name the file: ${message}`);
        if (!/expected .+, got /.test(message)) report(`does not say what was expected and what came: ${message}`);
        if (!/tensor|begins with/.test(message)) report(`names no tensor: ${message}`);
        if (message.includes('\n') || message.length > 600) report(`is not one sentence: ${message}`);
      }
    }
    await cp(pristine, path);
    await load();
  }
  expect(problems).toEqual([]);
});

function entriesOf({ entries }: SafetensorsHeader): Entries {
  return [...entries].map(([name, { dtype, shape }]) => [name, dtype, [...shape]]);
}

/** What a single file holds, with this test's vocabulary in place of CLIP's, which would make it large. */
async function singleFileEntries(path: string): Promise<Entries> {
  const clip = await clipTokenizer();
  const model: StableDiffusionComponents = {
    ...tinyModel(),
    tokenizer: clip,
    textEncoder: randomComponent(
      'textEncoder',
      parseClipTextConfig({
        vocab_size: clip.vocabSize,
        hidden_size: 64,
        intermediate_size: 16,
        num_hidden_layers: 1,
        num_attention_heads: 1,
        max_position_embeddings: 8,
      }),
    ),
    vae: randomComponent('vae', parseVaeConfig({ block_out_channels: [32] })),
    unet: randomComponent(
      'unet',
      parseUnetConfig({
        block_out_channels: [32, 64],
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
        up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
        layers_per_block: 1,
        cross_attention_dim: 64,
      }),
    ),
  };
  await saveCheckpointFile(path, model);
  return entriesOf(await readSafetensorsHeader(path)).map(([name, dtype, shape]) => [
    name,
    dtype,
    name.endsWith('token_embedding.weight') ? [tokenizer.vocabSize, 64] : shape,
  ]);
}
