// Facts of a prompt, a record of words and numbers as other packages store it, against the world's own attributes.
import { COUNT_WORDS } from './grammar.ts';
import { type Attributes, BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from './vocabulary.ts';

/** What a prompt asks for: attributes by name. */
export type Facts = Readonly<Record<string, string | number>>;

/** A column of a prompts file that holds one attribute. */
export interface FactColumn {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly values: readonly (string | number)[];
  /** Other spellings of values, in lower case, each with its value. */
  readonly spellings: Readonly<Record<string, string | number>>;
}

/**
 * One column for each attribute. A row of a prompts file that gives a colour, a count or a background must also name
 * the object.
 */
export const FACT_COLUMNS: readonly FactColumn[] = [
  { name: 'object', aliases: [], values: OBJECTS.map(({ name }) => name), spellings: {} },
  { name: 'colour', aliases: ['color'], values: COLOURS, spellings: {} },
  {
    name: 'count',
    aliases: [],
    values: COUNTS,
    spellings: Object.fromEntries(COUNTS.map((count) => [COUNT_WORDS[count], count])),
  },
  { name: 'background', aliases: [], values: BACKGROUNDS.map(({ name }) => name), spellings: {} },
];

/**
 * Converts facts to attributes; undefined when a fact is not an attribute of this emoji world, or when no object is
 * named.
 */
export function attributesFrom(facts: Facts | undefined): Attributes | undefined {
  if (facts === undefined) return undefined;
  const isKnown = Object.entries(facts).every(([key, value]) =>
    FACT_COLUMNS.some(({ name, values }) => name === key && values.includes(value)),
  );
  return isKnown && facts.object !== undefined ? (facts as unknown as Attributes) : undefined;
}

/** Converts attributes to facts. */
export function factsFrom(attributes: Attributes): Facts {
  return { ...attributes };
}
