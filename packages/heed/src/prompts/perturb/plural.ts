/**
 * Forms English plurals and singulars, for prompts in which a number is changed. Irregular plurals come from a table,
 * regular ones from the word's ending.
 */

const IRREGULAR: Readonly<Record<string, string>> = {
  man: 'men',
  woman: 'women',
  child: 'children',
  person: 'people',
  mouse: 'mice',
  goose: 'geese',
  foot: 'feet',
  tooth: 'teeth',
  ox: 'oxen',
  wolf: 'wolves',
  leaf: 'leaves',
  loaf: 'loaves',
  knife: 'knives',
  wife: 'wives',
  life: 'lives',
  shelf: 'shelves',
  elf: 'elves',
  calf: 'calves',
  half: 'halves',
  thief: 'thieves',
  scarf: 'scarves',
  potato: 'potatoes',
  tomato: 'tomatoes',
  hero: 'heroes',
  cactus: 'cacti',
  sheep: 'sheep',
  fish: 'fish',
  deer: 'deer',
  aircraft: 'aircraft',
  snowman: 'snowmen',
  fireman: 'firemen',
  policeman: 'policemen',
  bus: 'buses',
};
const SINGULAR_OF = new Map(Object.entries(IRREGULAR).map(([singular, plural]) => [plural, singular]));
/** Words that end in s but are singular, or have no singular with that meaning. */
const NOT_PLURAL = /(ss|us|is|ous|ics|news|glasses|scissors|jeans|pants|shorts|trousers|clothes|species|series)$/;

/**
 * Returns the plural: 'dogs' for 'dog', 'boxes' for 'box', 'wolves' for 'wolf'. Argument and result are in lower case.
 */
export function pluralOf(singular: string): string {
  const irregular = IRREGULAR[singular];
  if (irregular !== undefined) return irregular;
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  if (/[^aeiou]y$/.test(singular)) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}

/**
 * The singular of a plural, or undefined where the word is not known to be one. Argument and result are in lower case.
 */
export function singularOf(plural: string): string | undefined {
  const irregular = SINGULAR_OF.get(plural);
  if (irregular !== undefined) return irregular;
  if (IRREGULAR[plural] !== undefined || plural.length < 4 || !plural.endsWith('s') || NOT_PLURAL.test(plural))
    return undefined;
  if (/[^aeiou]ies$/.test(plural) && plural.length > 4) return `${plural.slice(0, -3)}y`;
  if (/(ss|x|z|ch|sh|us)es$/.test(plural)) return plural.slice(0, -2);
  return plural.slice(0, -1);
}
