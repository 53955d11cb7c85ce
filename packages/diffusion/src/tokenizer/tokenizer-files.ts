/**
 * Reads, checks and writes the files of a CLIP tokenizer folder (transformers' CLIPTokenizer): `vocab.json`,
 * `merges.txt`, `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, or all in `tokenizer.json`.
 * `tokenizer.ts` tokenizes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, readTextFile, writeJsonFile, writeTextFile } from '../checkpoint/json-file.ts';
import { describeValue } from '../configs/parse-config.ts';
import { InputError } from '../errors.ts';
import { type AddedToken, joinAddedTokens, parseAddedTokens, spellRules } from './added-tokens.ts';

/** The contents of a CLIP tokenizer. */
export interface TokenizerFiles {
  /** Token to id; the ids are 0 to size - 1. */
  readonly vocab: ReadonlyMap<string, number>;
  /** Pairs of tokens in the order of learning; earlier ones have precedence. */
  readonly merges: readonly (readonly [string, string])[];
  readonly specialTokens: SpecialTokens;
  /** Added tokens besides the vocabulary, by id. */
  readonly addedTokens?: readonly AddedToken[] | undefined;
  /** `model_max_length`: number of tokens the text encoder takes, including the two special ones. */
  readonly maxLength: number;
}

/**
 * The tokens with a special role, such as begin, end and padding; `pad` is `<|endoftext|>` in Stable Diffusion 1.x and
 * `!` in 2.x.
 */
export interface SpecialTokens {
  readonly bos: string;
  readonly eos: string;
  readonly unknown: string;
  readonly pad: string;
}

export const CLIP_SPECIAL_TOKENS: SpecialTokens = {
  bos: '<|startoftext|>',
  eos: '<|endoftext|>',
  unknown: '<|endoftext|>',
  pad: '<|endoftext|>',
};

const UNIFIED = 'tokenizer.json';
const ADDED = 'added_tokens.json';
const MAX_VOCABULARY = 1_000_000;
const token = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);
const specialTokensSchema = z.looseObject({
  bos_token: token.nullish(),
  eos_token: token.nullish(),
  unk_token: token.nullish(),
  pad_token: token.nullish(),
  // transformers writes 1e30 for "no limit known".
  model_max_length: z.number().positive().nullish(),
  added_tokens_decoder: z.unknown().optional(),
});

/**
 * Reads a tokenizer folder. `vocab.json` and `merges.txt` may be absent where `tokenizer.json` holds both, as newer
 * transformers write it. Throws an error that names the file, the expected and the actual content.
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const unified = await readIfThere(join(folder, UNIFIED));
  const { vocab, merges } = await readVocabulary(folder, unified);
  const [fromMap, fromConfig] = await Promise.all([
    readSpecialTokens(join(folder, 'special_tokens_map.json')),
    readSpecialTokens(join(folder, 'tokenizer_config.json')),
  ]);
  const pick = (key: 'bos_token' | 'eos_token' | 'unk_token' | 'pad_token', fallback: string) =>
    fromMap[key] ?? fromConfig[key] ?? fallback;
  const eos = pick('eos_token', CLIP_SPECIAL_TOKENS.eos);
  const specialTokens = {
    bos: pick('bos_token', CLIP_SPECIAL_TOKENS.bos),
    eos,
    unknown: pick('unk_token', eos),
    pad: pick('pad_token', eos),
  };
  const addedTokens = await readAddedTokens(folder, {
    unified,
    byId: fromConfig.added_tokens_decoder,
    vocab,
    special: Object.values(specialTokens),
  });
  for (const [role, content] of Object.entries(specialTokens)) {
    if (!vocab.has(content) && !addedTokens.some((token) => token.content === content)) {
      throw new InputError(
        `${folder}: expected the ${role} token in the vocabulary, got none spelled ${describeToken(content)}`,
      );
    }
  }
  const declared = fromConfig.model_max_length ?? 77;
  const maxLength = declared > 1_000_000 ? 77 : Math.floor(declared);
  return { vocab, merges, specialTokens, maxLength, ...(addedTokens.length > 0 && { addedTokens }) };
}

async function readAddedTokens(
  folder: string,
  {
    unified,
    byId,
    vocab,
    special,
  }: { unified: unknown; byId: unknown; vocab: ReadonlyMap<string, number>; special: readonly string[] },
): Promise<AddedToken[]> {
  const list = typeof unified === 'object' && unified !== null ? (unified as Record<string, unknown>).added_tokens : [];
  const byToken = await readIfThere(join(folder, ADDED));
  const files = [
    parseAddedTokens('list', list, join(folder, UNIFIED)),
    parseAddedTokens('byId', byId, join(folder, 'tokenizer_config.json')),
    parseAddedTokens('byToken', byToken, join(folder, ADDED)),
  ];
  return joinAddedTokens(files, { vocab, special, source: folder });
}

/** Writes the files of `files` into `folder` (made when missing), each atomically and fsynced. */
export async function writeTokenizer(folder: string, files: TokenizerFiles): Promise<void> {
  const { bos, eos, unknown, pad } = files.specialTokens;
  const { addedTokens = [] } = files;
  const spelled = (content: string, normalized: boolean) => ({
    content,
    lstrip: false,
    normalized,
    rstrip: false,
    single_word: false,
  });
  const special = (content: string, normalized: boolean) => ({ __type: 'AddedToken', ...spelled(content, normalized) });
  await writeTextFile(join(folder, 'vocab.json'), `${JSON.stringify(Object.fromEntries(files.vocab))}\n`);
  const merges = files.merges.map(([left, right]) => `${left} ${right}\n`).join('');
  await writeTextFile(join(folder, 'merges.txt'), `#version: 0.2\n${merges}`);
  await writeJsonFile(join(folder, 'tokenizer_config.json'), {
    add_prefix_space: false,
    ...(addedTokens.length > 0 && { added_tokens_decoder: addedTokensDecoder(files) }),
    bos_token: special(bos, true),
    clean_up_tokenization_spaces: true,
    do_lower_case: true,
    eos_token: special(eos, true),
    errors: 'replace',
    model_max_length: files.maxLength,
    pad_token: pad,
    tokenizer_class: 'CLIPTokenizer',
    unk_token: special(unknown, true),
  });
  if (addedTokens.length > 0) {
    const ids = Object.fromEntries(addedTokens.map(({ content, id }) => [content, id]));
    await writeJsonFile(join(folder, ADDED), ids);
  }
  await writeJsonFile(join(folder, 'special_tokens_map.json'), {
    bos_token: spelled(bos, true),
    eos_token: spelled(eos, true),
    pad_token: pad,
    unk_token: spelled(unknown, true),
  });
}

/** The table of added tokens as transformers writes it, which includes the vocabulary's special tokens. */
function addedTokensDecoder({ vocab, specialTokens, addedTokens = [] }: TokenizerFiles): Record<string, object> {
  const special = [...new Set(Object.values(specialTokens))].flatMap((content) => {
    const id = vocab.get(content);
    const rules = { normalized: false, lstrip: false, rstrip: false, special: true };
    return id === undefined ? [] : [{ content, id, ...rules }];
  });
  return Object.fromEntries([...special, ...addedTokens].map((token) => [token.id, spellRules(token)]));
}

async function readIfThere(path: string): Promise<unknown> {
  return existsSync(path) ? readJsonFile(path) : undefined;
}

async function readVocabulary(folder: string, unified: unknown): Promise<Pick<TokenizerFiles, 'vocab' | 'merges'>> {
  const vocabPath = join(folder, 'vocab.json');
  const unifiedPath = join(folder, UNIFIED);
  if (!existsSync(vocabPath) && unified !== undefined) {
    const model = z
      .looseObject({ model: z.looseObject({ vocab: z.unknown(), merges: z.unknown() }) })
      .safeParse(unified);
    if (!model.success)
      throw new InputError(`${unifiedPath}: expected a byte-pair model with vocab and merges, got another layout`);
    const { vocab, merges } = model.data.model;
    if (!Array.isArray(merges))
      throw new InputError(`${unifiedPath}: expected model.merges to be a list, got ${typeof merges}`);
    const checked = checkVocab(vocab, unifiedPath);
    const pairs = merges.map((merge: unknown, i) =>
      checkMerge(Array.isArray(merge) ? merge : String(merge).split(' '), checked, unifiedPath, i + 1),
    );
    return { vocab: checked, merges: pairs };
  }
  const vocab = checkVocab(await readJsonFile(vocabPath), vocabPath);
  const mergesPath = join(folder, 'merges.txt');
  const lines = (await readTextFile(mergesPath)).split(/\r?\n/);
  const start = lines[0]?.startsWith('#version') ? 1 : 0;
  const merges: [string, string][] = [];
  for (let i = start; i < lines.length; i++) {
    if (lines[i] !== '') merges.push(checkMerge(lines[i]!.split(' '), vocab, mergesPath, i + 1));
  }
  return { vocab, merges };
}

function checkVocab(json: unknown, source: string): Map<string, number> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InputError(
      `${source}: expected an object of tokens and ids, got ${Array.isArray(json) ? 'a list' : typeof json}`,
    );
  }
  const entries = Object.entries(json as Record<string, unknown>);
  if (entries.length === 0 || entries.length > MAX_VOCABULARY) {
    throw new InputError(`${source}: expected 1 to ${MAX_VOCABULARY} tokens, got ${entries.length}`);
  }
  // A file of another kind may be private: none of it is quoted.
  if (entries.some(([, id]) => typeof id !== 'number')) {
    throw new InputError(`${source}: expected an object of tokens and ids, got other values than numbers`);
  }
  const seen = new Uint8Array(entries.length);
  for (const [name, id] of entries) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= entries.length || seen[id] === 1) {
      throw new InputError(
        `${source}: token ${describeToken(name)}: expected a unique id below ${entries.length}, got ${describeValue(id)}`,
      );
    }
    seen[id] = 1;
  }
  return new Map(entries as [string, number][]);
}

function checkMerge(
  parts: readonly unknown[],
  vocab: ReadonlyMap<string, number>,
  source: string,
  position: number,
): [string, string] {
  const [left, right] = parts;
  const known = (part: unknown): part is string => typeof part === 'string' && vocab.has(part);
  if (parts.length !== 2 || !known(left) || !known(right) || !vocab.has(left + right)) {
    throw new InputError(
      `${source}: merge ${position}: expected two tokens of the vocabulary that join to a third, got something else`,
    );
  }
  return [left, right];
}

/** A token for an error message. Words and special tokens are quoted; for other tokens, only the length is given. */
function describeToken(content: string): string {
  return /^(<\|?)?[A-Za-z0-9_-]{1,64}(\|?>|<\/w>)?$/.test(content)
    ? JSON.stringify(content)
    : `(${content.length} characters)`;
}

async function readSpecialTokens(path: string): Promise<z.output<typeof specialTokensSchema>> {
  if (!existsSync(path)) return {};
  const parsed = specialTokensSchema.safeParse(await readJsonFile(path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new InputError(`${path}: key ${JSON.stringify(issue.path.join('.'))}: ${issue.message}`);
  }
  return parsed.data;
}
