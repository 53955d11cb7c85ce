// Reads the paper's template sentences back: what does "Two blue dogs in the forest." ask for? Exact matches only.
import { describe } from '../grammar.ts';
import { type Attributes, BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';

let attributesByText: ReadonlyMap<string, Attributes> | undefined;

/**
 * Parses a template sentence to its attributes; undefined for any other text. Case, spaces and the full stop do not
 * matter.
 */
export function parseTemplate(text: string): Attributes | undefined {
  attributesByText ??= buildTable();
  return attributesByText.get(normalise(text));
}

function buildTable(): Map<string, Attributes> {
  const table = new Map<string, Attributes>();
  for (const { name: object } of OBJECTS) {
    for (const colour of [undefined, ...COLOURS]) {
      for (const count of [undefined, ...COUNTS]) {
        for (const background of [undefined, ...BACKGROUNDS.map(({ name }) => name)]) {
          const attributes: Attributes = {
            object,
            ...(colour === undefined ? {} : { colour }),
            ...(count === undefined ? {} : { count }),
            ...(background === undefined ? {} : { background }),
          };
          table.set(normalise(describe(attributes)), attributes);
        }
      }
    }
  }
  return table;
}

function normalise(text: string): string {
  return text.trim().replace(/\s+/g, ' ').replace(/\.$/, '').toLowerCase();
}
