import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clipTokenizer } from '../checkpoint/single-file/clip-vocabulary.ts';
import type { AddedToken } from './added-tokens.ts';
import { BYTE_ALPHABET } from './byte-alphabet.ts';
import { createTokenizer, loadTokenizer, type Tokenizer } from './tokenizer.ts';
import { CLIP_SPECIAL_TOKENS, type TokenizerFiles, writeTokenizer } from './tokenizer-files.ts';
import { trainBytePairTokenizer } from './train-byte-pair-tokenizer.ts';

const CORPUS = [
  'Two blue dogs in the forest.',
  'A dog.',
  'A green colored dog.',
  'Six dogs on the moon.',
  'A cat in the forest.',
];

/** Lone surrogates included; fast-check's own `binary` unit takes seconds to build. */
const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-tokenizer-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe("OpenAI's CLIP", () => {
  interface Golden {
    texts: { text: string; tokens: string[] }[];
    merges: string[];
  }

  test('splits, lower-cases and merges the same', async () => {
    const path = new URL('./golden/clip-tokens.json', import.meta.url);
    const golden = JSON.parse(await readFile(path, 'utf8')) as Golden;
    const merges = golden.merges.map((merge) => merge.split(' ') as [string, string]);
    const tokens = [
      ...BYTE_ALPHABET,
      ...BYTE_ALPHABET.map((byte) => `${byte}</w>`),
      ...merges.map((pair) => pair.join('')),
    ];
    const vocab = new Map(
      [...tokens, CLIP_SPECIAL_TOKENS.bos, CLIP_SPECIAL_TOKENS.eos].map((token, id) => [token, id]),
    );
    const tokenizer = createTokenizer({ vocab, merges, specialTokens: CLIP_SPECIAL_TOKENS, maxLength: 77 });
    expect(golden.texts.length).toBeGreaterThan(8);
    for (const { text, tokens: expected } of golden.texts) expect(tokenizer.tokenize(text)).toEqual(expected);
  });
});

test('500 hard prompts have the ids that transformers gives them', async () => {
  const path = new URL('./golden/hard-prompts.json', import.meta.url);
  const { prompts } = JSON.parse(await readFile(path, 'utf8')) as { prompts: [text: string, ids: number[]][] };
  expect(prompts).toHaveLength(500);
  const { encode, padId } = await clipTokenizer();
  const { inputIds, eosIndex } = encode(prompts.map(([text]) => text));
  const wrong = prompts.flatMap(([text, ids], row) => {
    const found = [...inputIds.subarray(77 * row, 77 * (row + 1))].map(Number);
    const expected = [...ids, ...new Array<number>(77 - ids.length).fill(padId)];
    const isRight = found.join() === expected.join() && Number(eosIndex[row]) === expected.indexOf(padId);
    return isRight ? [] : [{ text, found: found.slice(0, ids.length), expected: ids }];
  });
  expect(wrong).toEqual([]);
});

describe('added tokens', () => {
  interface Golden {
    added: AddedToken[];
    prompts: [text: string, ids: number[]][];
  }
  let golden: Golden;
  let files: TokenizerFiles;
  beforeAll(async () => {
    const path = new URL('./golden/added-tokens.json', import.meta.url);
    golden = JSON.parse(await readFile(path, 'utf8')) as Golden;
    files = { ...(await clipTokenizer()).files, addedTokens: golden.added };
  });

  const wrongIn = ({ encode, padId }: Tokenizer) =>
    golden.prompts.flatMap(([text, ids]) => {
      const found = [...encode([text]).inputIds].map(Number);
      const expected = [...ids, ...new Array<number>(77 - ids.length).fill(padId)];
      return found.join() === expected.join() ? [] : [{ text, found: found.slice(0, ids.length), expected: ids }];
    });

  test('100 texts have the ids that diffusers and transformers give them', () => {
    expect(golden.prompts).toHaveLength(100);
    expect(wrongIn(createTokenizer(files))).toEqual([]);
  });

  test('survive in every form that transformers keeps them in', async () => {
    await writeTokenizer(join(folder, 'added'), files);
    const written = await loadTokenizer(join(folder, 'added'));
    expect(written.files.addedTokens).toEqual(golden.added);
    expect(written.vocabSize).toBe(49_408 + 9);
    expect(wrongIn(written)).toEqual([]);
    // transformers 5 has everything in tokenizer.json.
    const unified = join(folder, 'unified');
    await mkdir(unified);
    const list = golden.added.map((token) => ({ single_word: false, ...token }));
    const model = { vocab: Object.fromEntries(files.vocab), merges: files.merges };
    await writeFile(join(unified, 'tokenizer.json'), JSON.stringify({ added_tokens: list, model }));
    expect((await loadTokenizer(unified)).files.addedTokens).toEqual(golden.added);
    // transformers before 4.34 knows their ids alone.
    await rm(join(folder, 'added/tokenizer_config.json'));
    const old = await loadTokenizer(join(folder, 'added'));
    expect(old.files.addedTokens!.map(({ id }) => id)).toEqual(golden.added.map(({ id }) => id));
  });

  test.each<[string, string, RegExp]>([
    ['added_tokens.json', '{"<x>": 3}', /expected ids from 49408 on for added tokens, each once, got 3/],
    ['added_tokens.json', '{"<x>": 49408, "<y>": 49408}', /each once, got 49408/],
    ['added_tokens.json', '{"dog</w>": 49408}', /expected one id for each added token/],
    ['added_tokens.json', '{"<x>": "49408"}', /expected added tokens with their ids and rules, got another value/],
    [
      'tokenizer_config.json',
      '{"added_tokens_decoder": {"49408": {"content": "zwx", "single_word": true}}}',
      /expected added tokens that are found anywhere in a text, got "zwx" as a single_word/,
    ],
  ])('%s with %s is refused', async (name, content, message) => {
    const broken = join(folder, 'broken-added');
    await writeTokenizer(broken, (await clipTokenizer()).files);
    await writeFile(join(broken, name), content);
    await expect(loadTokenizer(broken)).rejects.toThrow(message);
    await rm(broken, { recursive: true });
  });
});

describe('encoding', () => {
  const tokenizer = createTokenizer(trainBytePairTokenizer(CORPUS, { vocabSize: 600, maxLength: 12 }));
  const { bosId, eosId, padId } = tokenizer;

  test('frames, pads and says where the end is', () => {
    const { inputIds, eosIndex } = tokenizer.encode(['two dogs', ''], { maxLength: 6 });
    const [two, dogs] = ['two</w>', 'dogs</w>'].map((token) => tokenizer.files.vocab.get(token));
    expect(two).toBeUndefined(); // "two" occurs once: no merge was worth learning
    expect(dogs).toBeDefined();
    const rows = [[...inputIds.subarray(0, 6)], [...inputIds.subarray(6)]].map((row) => row.map(Number));
    expect(rows[0]).toEqual([
      bosId,
      ...['t', 'w', 'o</w>'].map((token) => tokenizer.files.vocab.get(token)),
      dogs,
      eosId,
    ]);
    expect(rows[1]).toEqual([bosId, eosId, padId, padId, padId, padId]);
    expect([...eosIndex]).toEqual([5n, 1n]);
  });

  test('cuts what is too long and keeps the end token', () => {
    const { inputIds, eosIndex } = tokenizer.encode(['dog '.repeat(100)]);
    expect(inputIds).toHaveLength(12);
    expect(inputIds[11]).toBe(BigInt(eosId));
    expect(eosIndex[0]).toBe(11n);
  });

  test('pools at the first end token, spelled in the text or not', () => {
    expect(tokenizer.encode(['a <|endoftext|> b']).eosIndex[0]).toBe(2n);
  });

  test('pads with a token of its own where the folder says so, as Stable Diffusion 2 does', () => {
    const { files } = tokenizer;
    const other = createTokenizer({ ...files, specialTokens: { ...files.specialTokens, pad: '!' } });
    expect(other.padId).toBe(0);
    const { inputIds, eosIndex } = other.encode(['dog'], { maxLength: 5 });
    expect([...inputIds.subarray(2)].map(Number)).toEqual([eosId, 0, 0]);
    expect(eosIndex[0]).toBe(2n);
  });

  test('any text is encoded within the vocabulary, alike alone and in a batch', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 40 }), { maxLength: 4 }), (texts) => {
        const together = tokenizer.encode(texts, { maxLength: 10 });
        texts.forEach((text, row) => {
          const alone = tokenizer.encode([text], { maxLength: 10 });
          expect(together.inputIds.slice(row * 10, row * 10 + 10)).toEqual(alone.inputIds);
          expect(alone.inputIds[Number(alone.eosIndex[0])]).toBe(BigInt(eosId));
          expect(alone.inputIds.every((id) => id >= 0n && id < BigInt(tokenizer.vocabSize))).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('the bytes of the normalised words are all there', () => {
    const bytesOf = new Map(BYTE_ALPHABET.map((symbol, i) => [symbol, i]));
    const order = [...BYTE_ALPHABET]
      .map((symbol) => symbol.codePointAt(0)!)
      .map((code, i) => (code < 256 ? code : missing()[i - 188]!));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const joined = tokenizer.tokenize(text).join('').replaceAll('</w>', '');
        const bytes = Uint8Array.from([...joined], (symbol) => order[bytesOf.get(symbol)!]!);
        const words = text.normalize('NFC').toLowerCase().replace(/\s+/gu, '');
        expect(new TextDecoder().decode(bytes)).toBe(words);
      }),
    );
  });

  test('misuse is one sentence', () => {
    expect(() => tokenizer.encode(['a'], { maxLength: 1 })).toThrow(
      'expected maxLength to be an integer of at least 2, got 1',
    );
    const { files } = tokenizer;
    const specialTokens = { ...files.specialTokens, eos: '</s>' };
    expect(() => createTokenizer({ ...files, specialTokens })).toThrow(
      'expected the token "</s>" in the vocabulary, got none',
    );
  });
});

/** The 68 bytes that the alphabet spells as characters from U+0100 on, in order. */
function missing(): number[] {
  const printable = new Set(BYTE_ALPHABET.map((symbol) => symbol.codePointAt(0)!).filter((code) => code < 256));
  return Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable.has(byte));
}

describe('training', () => {
  test('learns the pairs that a count by hand finds first', () => {
    const { merges } = trainBytePairTokenizer(['ab ab ab', 'abc'], { vocabSize: 520 });
    expect(merges).toEqual([['a', 'b</w>']]);
    const longer = trainBytePairTokenizer(['abab abab', 'abx'], { vocabSize: 520 }).merges;
    expect(longer).toEqual([
      ['a', 'b'],
      ['a', 'b</w>'],
      ['ab', 'ab</w>'],
    ]);
  });

  test('gives the same files whatever the order of the corpus', () => {
    const once = trainBytePairTokenizer(CORPUS, { vocabSize: 560 });
    const reversed = trainBytePairTokenizer([...CORPUS].reverse(), { vocabSize: 560 });
    expect(reversed.merges).toEqual(once.merges);
    expect([...reversed.vocab]).toEqual([...once.vocab]);
    expect(once.vocab.size).toBeLessThanOrEqual(560);
    expect([...once.vocab.values()]).toEqual(Array.from({ length: once.vocab.size }, (_, id) => id));
  });

  test('makes frequent words one token', () => {
    const tokenizer = createTokenizer(trainBytePairTokenizer(CORPUS, { vocabSize: 1000 }));
    expect(tokenizer.tokenize('the dogs forest')).toEqual(['the</w>', 'dogs</w>', 'forest</w>']);
  });

  test('needs room for the bytes', () => {
    expect(() => trainBytePairTokenizer(CORPUS, { vocabSize: 513 })).toThrow('expected vocabSize of at least 514');
  });
});

describe('files', () => {
  const files = trainBytePairTokenizer([...CORPUS, '__proto__ constructor'], { vocabSize: 640, maxLength: 24 });

  test('survive a round trip, and read as transformers would', async () => {
    await writeTokenizer(folder, files);
    const loaded = await loadTokenizer(folder);
    expect(loaded.files).toEqual(files);
    expect(loaded.maxLength).toBe(24);
    expect(JSON.parse(await readFile(join(folder, 'tokenizer_config.json'), 'utf8'))).toMatchObject({
      tokenizer_class: 'CLIPTokenizer',
      model_max_length: 24,
      pad_token: '<|endoftext|>',
    });
    expect((await readFile(join(folder, 'merges.txt'), 'utf8')).startsWith('#version: 0.2\n')).toBe(true);
  });

  test('are also found inside a tokenizer.json', async () => {
    const unified = await mkdtemp(join(folder, 'unified-'));
    const model = { type: 'BPE', vocab: Object.fromEntries(files.vocab), merges: files.merges };
    await writeFile(join(unified, 'tokenizer.json'), JSON.stringify({ model }));
    const loaded: TokenizerFiles = (await loadTokenizer(unified)).files;
    expect(loaded.merges).toEqual(files.merges);
    expect(loaded.maxLength).toBe(77);
  });

  test('that are broken end in one sentence', async () => {
    const broken = await mkdtemp(join(folder, 'broken-'));
    const vocab = { a: 0, 'b</w>': 1, 'ab</w>': 2, '<|startoftext|>': 3, '<|endoftext|>': 4 };
    const attempt = async (changes: Record<string, string>) => {
      const all = {
        'vocab.json': JSON.stringify(vocab),
        'merges.txt': '#version: 0.2\na b</w>\n',
        'tokenizer_config.json': '{}',
      };
      for (const [name, text] of Object.entries({ ...all, ...changes })) await writeFile(join(broken, name), text);
      return loadTokenizer(broken).then(
        () => 'loaded',
        (error: Error) => error.message.replaceAll(broken, 'T'),
      );
    };
    expect(await attempt({})).toBe('loaded');
    expect(await attempt({ 'vocab.json': '[1]' })).toBe(
      'T/vocab.json: expected an object of tokens and ids, got a list',
    );
    expect(await attempt({ 'vocab.json': '{}' })).toBe('T/vocab.json: expected 1 to 1000000 tokens, got 0');
    expect(await attempt({ 'vocab.json': '{"a":0,"b":0}' })).toBe(
      'T/vocab.json: token "b": expected a unique id below 2, got 0',
    );
    expect(await attempt({ 'vocab.json': '{"a":"0"}' })).toMatch(
      /expected an object of tokens and ids, got other values than numbers$/,
    );
    expect(await attempt({ 'vocab.json': '{"a":1e300}' })).toMatch(/got 1e\+300/);
    expect(await attempt({ 'merges.txt': 'a c\n' })).toMatch(
      /^T\/merges.txt: merge 1: expected two tokens of the vocabulary .*, got something else$/,
    );
    expect(await attempt({ 'tokenizer_config.json': '{"model_max_length":"x"}' })).toMatch(
      /^T\/tokenizer_config.json: key "model_max_length"/,
    );
    expect(await attempt({ 'tokenizer_config.json': '{"bos_token":"<s>"}' })).toBe(
      'T: expected the bos token in the vocabulary, got none spelled "<s>"',
    );
    await writeFile(join(broken, 'merges.txt'), Buffer.from([0x61, 0xff]));
    expect(await loadTokenizer(broken).catch((error: Error) => error.message)).toMatch(/expected UTF-8 text/);
  });
});
