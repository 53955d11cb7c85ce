// Ids of images: what they were before texts stood before the pixels, for the files of then and of now; any change is
// seen.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from '@node-rs/crc32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageId } from './image-id.ts';
import { decodePng, encodePng } from './png.ts';
import { readChunks, textChunk } from './png-chunks.ts';
import { IMPORTED, type ImageRecipe } from './record.ts';
import { createImageStore } from './store.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-image-id-'));
});
afterAll(() => rm(folder, { recursive: true }));

const picture = {
  width: 5,
  height: 4,
  data: Uint8Array.from({ length: 60 }, (_, i) => (1 + 7 * i) % 256),
};
const recipe: ImageRecipe = {
  prompt: 'Two dogs.',
  category: 'count',
  holdout: false,
  seed: 7,
  model: 'base',
  modelHash: '0123456789abcdef',
  sampler: 'dpmpp_2m',
  steps: 20,
  guidanceScale: 3,
  set: 'train',
  purpose: 'learn',
};
const source = { file: 'x.png', sha256: 'a'.repeat(64), time: '2026-01-31T09:30:00.000Z' };

/** Written by heed before the texts stood before the pixels: tEXt behind them, iTXt before them. */
const EARLIER_FILES = {
  a49e1d126f02fb28:
    'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAECAIAAADJUWIXAAAASklEQVR4XmNg5OAXk1XRNrJ0cPcLjUlmyCqsqG/rnTJ70coN2/cdPcNw+dbDF++//WXhFpJUUNczZbBx9gqMiE/LLalu6pwwfR4A7c4Zo4SBLScAAAB+dEVYdHBhcmFtZXRlcnMAVHdvIGRvZ3MuClN0ZXBzOiAyMCwgU2FtcGxlcjogRFBNKysgMk0sIENGRyBzY2FsZTogMywgU2VlZDogNywgU2l6ZTogNXg0LCBNb2RlbCBoYXNoOiAwMTIzNDU2Nzg5YWJjZGVmLCBNb2RlbDogYmFzZZv9j5IAAAAASUVORK5CYII=',
  '4fd13fe45ceb9736':
    'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAECAIAAADJUWIXAAAAhWlUWHRwYXJhbWV0ZXJzAAAAAADniqwgdHdvIPCfkJUKU3RlcHM6IDIwLCBTYW1wbGVyOiBEUE0rKyAyTSwgQ0ZHIHNjYWxlOiAzLCBTZWVkOiA3LCBTaXplOiA1eDQsIE1vZGVsIGhhc2g6IDAxMjM0NTY3ODlhYmNkZWYsIE1vZGVsOiBiYXNlA3KvLAAAAEpJREFUeF5jYOTgF5NV0TaydHD3C41JZsgqrKhv650ye9HKDdv3HT3DcPnWwxfvv/1l4RaSVFDXM2WwcfYKjIhPyy2pbuqcMH0eAO3OGaOEgS0nAAAAAElFTkSuQmCC',
};

describe('image ids', () => {
  it.each([
    ['Two dogs.', 'a49e1d126f02fb28', '9d489b810a07f401', 'b48f075a2329b235'],
    ['Zwei Hünde', '913c6b46800d8caa', '79e2e2b9242a2ac3', '18cd3ea18ed4f3d9'],
    ['犬 two 🐕', '4fd13fe45ceb9736', '328ba76a602b642f', 'c96d7540e434bf9d'],
    ['smart ’quote’', '7fb6756f437840a6', '4a0b336820b4daa5', '6530dca70666a0ad'],
  ])('are what they were for "%s": drawn, imported of a known model, imported', async (prompt, ...ids) => {
    const store = createImageStore(join(folder, prompt.length.toString()));
    const modelFile = { fileName: 'v1-5.safetensors', sha256: 'b'.repeat(64) };
    const records = [
      await store.add(picture, { ...recipe, prompt }, { modelFile }),
      await store.add(picture, { ...recipe, prompt, source }),
      await store.add(picture, { ...recipe, prompt, source, modelHash: IMPORTED }),
    ];
    expect(records.map(({ id }) => id)).toEqual(ids);
    for (const { id } of records) {
      expect(imageId(await store.readPng(id))).toBe(id);
      expect(await store.read(id)).toEqual(picture);
    }
    await store.close();
  });

  it('stand before the pixels with what other programs read', async () => {
    const store = createImageStore(join(folder, 'order'));
    const { id } = await store.add(picture, { ...recipe, prompt: '犬' });
    const png = await store.readPng(id);
    expect(readChunks(png).map(({ type }) => type)).toEqual(['IHDR', 'iTXt', 'iTXt', 'IDAT', 'IEND']);
    const { parameters, recipe: own } = decodePng(png);
    expect(parameters).toContain('犬\nSteps: 20, Sampler: DPM++ 2M, Schedule type: Uniform,');
    expect(own).toContain('Model hash: 0123456789abcdef, Model: base');
    await store.close();
  });

  it('of earlier files are their own hashes', () => {
    for (const [id, base64] of Object.entries(EARLIER_FILES)) {
      const png = Buffer.from(base64, 'base64');
      expect(imageId(png)).toBe(id);
      const { data, parameters } = decodePng(png);
      expect(data).toEqual(picture.data);
      expect(parameters).toMatch(/^(Two dogs\.|犬 two 🐕)\nSteps: 20/);
    }
  });

  it('tell every changed byte, of earlier and later files', async () => {
    const later = encodePng(picture, { parameters: 'a\nSteps: 1', recipe: 'a' });
    for (const png of [...Object.values(EARLIER_FILES).map((text) => Buffer.from(text, 'base64')), later]) {
      const id = imageId(png);
      for (let at = 0; at < png.length; at++) {
        const changed = Buffer.from(png);
        changed[at]! ^= 1;
        expect([at, imageId(changed) === id]).toEqual([at, false]);
        expect([at, imageId(png.subarray(0, at)) === id]).toEqual([at, false]);
      }
    }
  });

  it('tell chunks that were added, left out or put elsewhere, whatever their checksums', () => {
    const png = encodePng(picture, { parameters: 'a', recipe: 'b' });
    const id = imageId(png);
    const chunks = readChunks(png).map(({ bytes }) => bytes);
    const [header, parameters, recipe, pixels, end] = chunks as [Buffer, Buffer, Buffer, Buffer, Buffer];
    const join = (...parts: Buffer[]) => Buffer.concat([png.subarray(0, 8), ...parts]);
    expect(imageId(join(header, parameters, recipe, pixels, end))).toBe(id);
    const utf8 = Buffer.from('iTXtheed\0\0\0\0\0b', 'latin1');
    const otherKind = Buffer.alloc(utf8.length + 8);
    otherKind.writeUInt32BE(utf8.length - 4, 0);
    utf8.copy(otherKind, 4);
    otherKind.writeUInt32BE(crc32(utf8), utf8.length + 4);
    for (const other of [
      join(header, parameters, pixels, recipe, end),
      join(header, parameters, recipe, pixels),
      join(header, parameters, recipe, end),
      join(header, parameters, recipe, textChunk('Comment', 'x'), pixels, end),
      join(header, parameters, recipe, pixels, end, textChunk('Comment', 'x')),
      join(header, recipe, pixels, end),
      join(header, parameters, otherKind, pixels, end),
      join(header, parameters, textChunk('heed', 'c'), pixels, end),
      Buffer.concat([png, Buffer.from('x')]),
    ]) {
      expect(imageId(other)).not.toBe(id);
    }
  });
});
