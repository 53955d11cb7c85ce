/**
 * Tokens that were added to a tokenizer after its vocabulary was made (textual inversion: Gal et al. 2023).
 * transformers keeps them in up to three files: `tokenizer.json`, `added_tokens.json` and `tokenizer_config.json`.
 * Reads no file.
 */
import { z } from 'zod';
import { describeValue } from '../configs/parse-config.ts';
import { InputError } from '../errors.ts';

/** A token besides the vocabulary, with transformers' rules for finding it in a text. */
export interface AddedToken {
  readonly content: string;
  /** Row of the text encoder's embedding table. */
  readonly id: number;
  /** Whether the token is also found in the lower-cased text. */
  readonly normalized: boolean;
  /** Whether the token includes the space before (`lstrip`) or after (`rstrip`) it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly special: boolean;
}

const MAX_ID = 10_000_000;
const id = z.int().nonnegative().max(MAX_ID);
const rules = z.looseObject({
  content: z.string().min(1),
  normalized: z.boolean().nullish(),
  single_word: z.boolean().nullish(),
  lstrip: z.boolean().nullish(),
  rstrip: z.boolean().nullish(),
  special: z.boolean().nullish(),
});

/** The parts of the three files that name added tokens. */
const SOURCES = {
  /** Reads the list in `tokenizer.json`: tokens, each with its id. */
  list: z.array(rules.extend({ id })),
  /** Reads `added_tokens_decoder` of `tokenizer_config.json`, which maps ids to tokens. */
  byId: z.record(z.string().regex(/^\d{1,8}$/), rules),
  /** `added_tokens.json`: ids by token. */
  byToken: z.record(z.string().min(1), id),
} as const;

/**
 * Reads the part `kind` of the file `source`. Throws an InputError where the part does not have transformers' format.
 */
export function parseAddedTokens(kind: keyof typeof SOURCES, json: unknown, source: string): AddedToken[] {
  if (json === undefined || json === null) return [];
  const parsed = SOURCES[kind].safeParse(json);
  if (!parsed.success) {
    const key = parsed.error.issues[0]!.path.at(-1);
    throw new InputError(
      `${source}: expected added tokens with their ids and rules, got another value at ${describeValue(key)}`,
    );
  }
  const read = (one: Rules, tokenId: number) => tokenOf(one, tokenId, source);
  if (kind === 'list') return (parsed.data as z.output<typeof SOURCES.list>).map((one) => read(one, one.id));
  if (kind === 'byId') {
    return Object.entries(parsed.data as z.output<typeof SOURCES.byId>).map(([key, one]) => read(one, Number(key)));
  }
  return Object.entries(parsed.data as z.output<typeof SOURCES.byToken>).map(([content, key]) =>
    read({ content }, key),
  );
}

type Rules = z.output<typeof rules>;

function tokenOf(given: Rules, id: number, source: string): AddedToken {
  if (given.single_word) {
    throw new InputError(
      `${source}: expected added tokens that are found anywhere in a text, got ${describeValue(given.content)} as a single_word`,
    );
  }
  const special = given.special ?? false;
  return {
    content: given.content,
    id,
    special,
    normalized: given.normalized ?? !special,
    lstrip: given.lstrip ?? false,
    rstrip: given.rstrip ?? false,
  };
}

/**
 * Merges the tokens of all files, sorted by id, without the vocabulary's tokens that `special` lists. If two files
 * define a token, the first wins. An added token may also be a word of the vocabulary. Throws an InputError for a
 * duplicate token or id.
 */
export function joinAddedTokens(
  files: readonly (readonly AddedToken[])[],
  { vocab, special, source }: { vocab: ReadonlyMap<string, number>; special: readonly string[]; source: string },
): AddedToken[] {
  const joined = new Map<string, AddedToken>();
  for (const token of files.flat()) {
    const known = vocab.get(token.content) ?? joined.get(token.content)?.id;
    if (known !== undefined && known !== token.id) {
      throw new InputError(`${source}: expected one id for each added token, got ${known} and ${token.id} for one`);
    }
    if (special.includes(token.content) && vocab.has(token.content)) continue;
    if (!joined.has(token.content)) joined.set(token.content, token);
  }
  const ids = new Set<number>();
  for (const { id, content } of joined.values()) {
    if (ids.has(id) || (id < vocab.size && !vocab.has(content))) {
      throw new InputError(`${source}: expected ids from ${vocab.size} on for added tokens, each once, got ${id}`);
    }
    ids.add(id);
  }
  return [...joined.values()].sort((a, b) => a.id - b.id);
}

/** Writes a token's rules in transformers' format. */
export function spellRules({ content, normalized, lstrip, rstrip, special }: AddedToken) {
  return { content, lstrip, normalized, rstrip, single_word: false, special };
}

/**
 * Expands textual-inversion concepts. A concept of several vectors is the token `<x>` with `<x>_1`, `<x>_2` and so on;
 * `<x>` in a text stands for all of them (diffusers: `maybe_convert_prompt`). `named` are the added tokens that occur
 * in the text.
 */
export function expandConcepts(text: string, named: ReadonlySet<string>, added: ReadonlySet<string>): string {
  let expanded = text;
  for (const token of named) {
    if (!added.has(`${token}_1`)) continue;
    const parts = [token];
    while (added.has(`${token}_${parts.length}`)) parts.push(`${token}_${parts.length}`);
    expanded = expanded.replaceAll(token, parts.join(' '));
  }
  return expanded;
}
