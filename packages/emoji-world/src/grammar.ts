// English for the emoji world: articles, plurals, number words and the paper's template sentence.
// It knows nothing of noise or paraphrase: those are in captions/.
import type { Attributes, Count, ObjectName } from './vocabulary.ts';
import { backgroundWord, objectWord } from './vocabulary.ts';

/** The number word of each count, in lower case. */
export const COUNT_WORDS: Readonly<Record<Count, string>> = {
  1: 'one',
  2: 'two',
  3: 'three',
  4: 'four',
  5: 'five',
  6: 'six',
};

/** 'an apple', 'a dog': the phrase with the indefinite article its first sound asks for. */
export function withArticle(phrase: string): string {
  return `${/^[aeiou]/i.test(phrase) ? 'an' : 'a'} ${phrase}`;
}

/** 'dog' for one, 'dogs' for more; 'wolf' and 'wolves'. */
export function noun(object: ObjectName, count: number): string {
  const word = objectWord(object);
  return count === 1 ? word.name : word.plural;
}

/** The text with its first letter in upper case and one full stop at its end. */
export function sentence(text: string): string {
  const trimmed = text.trim().replace(/\.+$/, '');
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}.`;
}

/**
 * The paper's template sentence for these attributes (section 3.1, table 4): "Two dogs.", "A green colored dog.", "A
 * dog in the forest.", "Two blue dogs in the forest.". With a count, the colour stands alone ("Two brown bears.");
 * without a count, "colored" follows the colour, as in the paper's own list.
 */
export function describe(attributes: Attributes): string {
  return sentence(templatePhrase(attributes));
}

/** The words of `describe` without capital and full stop: 'two blue dogs in the forest'. */
export function templatePhrase({ object, colour, count, background }: Attributes): string {
  const subject =
    count === undefined
      ? withArticle(colour === undefined ? noun(object, 1) : `${colour} colored ${noun(object, 1)}`)
      : [COUNT_WORDS[count], colour, noun(object, count)].filter((word) => word !== undefined).join(' ');
  return background === undefined ? subject : `${subject} ${backgroundWord(background).phrase}`;
}
