// Errors tell no content: every reader of files that a setting or an option can name is given private files of other
// kinds.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  checkModel,
  loadClip,
  loadInceptionFile,
  loadLora,
  loadModel,
  openTensorFile,
  readModelConfigs,
  readNpz,
  readSafetensors,
} from '@heed/diffusion';
import { CLIP_FOLDER, TINY_MODEL_FOLDER } from '@heed/emoji-world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isForUser } from '../packages/heed/src/errors.ts';

import { importFeedbackFile } from '../packages/heed/src/feedback/import-file.ts';
import { decodePicture, readPictureFile } from '../packages/heed/src/images/read-picture.ts';
import { readImageList } from '../packages/heed/src/import/image-list.ts';
import { worldOf } from '../packages/heed/src/parts.ts';
import { initProject, type Project } from '../packages/heed/src/project/index.ts';
import { readPromptsFile } from '../packages/heed/src/prompts/index.ts';
import { openPretrainingData } from '../packages/heed/src/tune/pretraining-data.ts';

/** Every line holds one of these words; no error may. */
const WORDS = ['zanzibar', 'quokka', 'marmalade', '90417263'];
const SECRETS: Readonly<Record<string, string | Uint8Array>> = {
  'a list of accounts': 'zanzibar:x:0:0:quokka:/marmalade:/bin/90417263\nquokka:x:1:1::/marmalade:/zanzibar\n',
  'a private key': '-----BEGIN ZANZIBAR KEY-----\nquokkaMARMALADE90417263==\n-----END ZANZIBAR KEY-----\n',
  settings: 'ZANZIBAR_TOKEN=quokka-marmalade\nQUOKKA_PASSWORD=90417263\n',
  JSON: '{"zanzibar": {"quokka": "marmalade", "_class_name": "zanzibar quokka"}, "marmalade": [90417263], "model_type": "zanzibar/quokka"}',
  'JSON in lines': '{"zanzibar": "quokka"}\n{"marmalade": 90417263}\n',
  'a list of texts': '["zanzibar", "quokka", "marmalade 90417263"]',
  'torn JSON': '{"zanzibar": "quokka", marmalade',
  'a JSON text': '"zanzibar quokka marmalade 90417263"',
  YAML: 'zanzibar:\n  - quokka: marmalade\n    pin: 90417263\n',
  TOML: 'zanzibar = "quokka"\n[marmalade]\npin = 90417263\n',
  'another TOML': 'zanzibar = quokka marmalade 90417263\n',
  'a table': 'zanzibar,quokka\nmarmalade,90417263\n',
  'a table with quotes': 'zanzibar,"quo"kka\n"marmalade,90417263\n',
  HTML: '<!DOCTYPE html><title>zanzibar</title><p>quokka marmalade 90417263',
  SVG: '<svg xmlns="http://www.w3.org/2000/svg"><text>zanzibar quokka</text></svg>',
  'one word': 'quokka',
  'a short header length and a text': Buffer.concat([
    Buffer.from([25, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from('zanzibar quokka marmalade 90417263'),
  ]),
  'a header of other JSON': header('{"a":"zanzibar quokka marmalade"}'),
  'a header that ends early': header('{"a":{"dtype": zanzibar quokka'),
  'a pickle of a text': Buffer.from(`\x80\x04X\x0f\0\0\0zanzibar quokka.`, 'latin1'),
  'a zip archive': zip({ 'zanzibar/quokka.txt': 'marmalade 90417263' }),
  'an encrypted zip archive': zip({ 'zanzibar/quokka.txt': 'marmalade 90417263' }, { flags: 1 }),
  'a compressed zip archive': zip({ 'zanzibar/quokka.txt': 'marmalade 90417263' }, { method: 8 }),
  'a database': Buffer.concat([Buffer.from('SQLite format 3\0zanzibar quokka marmalade'), Buffer.alloc(4096)]),
  'a PNG that is cut off': Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    Buffer.from('zanzibarquokkamarmalade90417263'),
  ]),
};

function header(json: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, Buffer.from(json), Buffer.alloc(8)]);
}

/** An archive of stored entries. */
function zip(files: Readonly<Record<string, string>>, { flags = 0, method = 0 } = {}): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(content.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), Buffer.from(content)]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), fields, place, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listed, Buffer.from('PK\x05\x06'), end]);
}

let folder: string;
let project: Project;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-secrets-'));
  project = await initProject(join(folder, 'project'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of a model's folder in which `file` is another one. */
const insideOf = (model: string, file: string, read: (folder: string) => Promise<unknown>) => ({
  name: file,
  async prepare(content: string | Uint8Array) {
    const copy = join(folder, `copy-${file.replaceAll('/', '-')}`);
    await cp(model, copy, { recursive: true });
    await writeFile(join(copy, file), content);
    return () => read(copy);
  },
});
const file = (name: string, read: (path: string) => Promise<unknown>) => ({
  name,
  async prepare(content: string | Uint8Array) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return () => read(path);
  },
});
const emoji = () => worldOf({ world: 'emoji', model: project.config.model });
const tinyConfigs = () => readModelConfigs(TINY_MODEL_FOLDER);

const READERS = [
  file('model.safetensors', (path) => loadModel(path)),
  file('model.ckpt', (path) => loadModel(path)),
  file('model', (path) => loadModel(path)),
  file('weights.bin', (path) => openTensorFile(path)),
  file('weights.safetensors', (path) => readSafetensors(path)),
  file('inception.pth', (path) => loadInceptionFile(path)),
  file('statistics.npz', (path) => readNpz(path, ['mu', 'sigma'])),
  file('lora.safetensors', async (path) => loadLora(path, await tinyConfigs())),
  file('folder/model_index.json', (path) => loadModel(dirname(path))),
  file('folder/model_index.json', (path) => checkModel(dirname(path))),
  ...[
    'model_index.json',
    'unet/config.json',
    'unet/diffusion_pytorch_model.safetensors',
    'vae/config.json',
    'text_encoder/config.json',
    'scheduler/scheduler_config.json',
    'tokenizer/vocab.json',
    'tokenizer/merges.txt',
    'tokenizer/tokenizer_config.json',
    'tokenizer/special_tokens_map.json',
  ].map((name) => insideOf(TINY_MODEL_FOLDER, name, (copy) => loadModel(copy))),
  ...['config.json', 'model.safetensors', 'preprocessor_config.json', 'vocab.json', 'merges.txt'].map((name) =>
    insideOf(CLIP_FOLDER, name, (copy) => loadClip(copy)),
  ),
  file('prompts.csv', async (path) => readPromptsFile(path, await emoji())),
  file('prompts.jsonl', async (path) => readPromptsFile(path, await emoji())),
  file('judged.csv', (path) => importFeedbackFile(project, path, { rater: 'ann' })),
  file('judged.json', (path) => importFeedbackFile(project, path, { rater: 'ann' })),
  file('images/metadata.jsonl', (path) => readImageList(dirname(path), { parsePrompt: (text) => text })),
  file('images/metadata.csv', (path) => readImageList(path, { parsePrompt: (text) => text })),
  file('pairs/metadata.jsonl', async (path) =>
    openPretrainingData({
      world: await emoji(),
      source: dirname(path),
      count: 1,
      seed: 0,
      size: { width: 64, height: 64 },
    }),
  ),
  file('picture.png', async (path) => decodePicture(await readPictureFile(path))),
];

describe.each(READERS)('$name', ({ prepare }) => {
  it.each(Object.entries(SECRETS))('%s', async (_, content) => {
    const read = await prepare(content);
    const error = await read().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    // Some hold nothing that this reader looks at.
    if (error === undefined) return;
    const { message } = error as Error;
    expect(isForUser(error), String((error as Error).stack)).toBe(true);
    for (const word of WORDS) expect(message.toLowerCase()).not.toContain(word);
    // The first eight bytes as a number are the bytes all the same.
    const bytes = Buffer.from(content as Uint8Array);
    if (bytes.length >= 8 && bytes.readBigUInt64LE() > 100_000_000n) {
      expect(message).not.toContain(String(bytes.readBigUInt64LE()));
    }
    expect(message.split('\n')).toHaveLength(1);
  });
});
