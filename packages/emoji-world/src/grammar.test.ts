import { expect, test } from 'vitest';
import { COUNT_WORDS, describe, noun, sentence, withArticle } from './grammar.ts';
import { BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from './vocabulary.ts';

test('describe gives the sentences the paper prints', () => {
  expect(describe({ object: 'dog', count: 2 })).toBe('Two dogs.');
  expect(describe({ object: 'dog', colour: 'green' })).toBe('A green colored dog.');
  expect(describe({ object: 'dog', background: 'forest' })).toBe('A dog in the forest.');
  expect(describe({ object: 'apple', background: 'moon' })).toBe('An apple on the moon.');
  expect(describe({ object: 'apple', colour: 'black' })).toBe('A black colored apple.');
  expect(describe({ object: 'dog', colour: 'blue', count: 2, background: 'forest' })).toBe(
    'Two blue dogs in the forest.',
  );
  expect(describe({ object: 'dog', colour: 'white', count: 5, background: 'city' })).toBe(
    'Five white dogs in the city.',
  );
  expect(describe({ object: 'bear', colour: 'brown', count: 2 })).toBe('Two brown bears.');
});

test('places keep their preposition, article and capitals', () => {
  const places = BACKGROUNDS.map(({ name }) => describe({ object: 'cat', background: name }));
  expect(places).toEqual([
    'A cat in the forest.',
    'A cat in the city.',
    'A cat on the moon.',
    'A cat in the field.',
    'A cat in the sea.',
    'A cat on the table.',
    'A cat in the desert.',
    'A cat in San Francisco.',
  ]);
});

test('vowels take "an", the rest "a"', () => {
  const an = OBJECTS.map((o) => withArticle(o.name)).filter((phrase) => phrase.startsWith('an '));
  expect(an).toEqual(['an orange', 'an apple', 'an airplane']);
});

test('irregular plurals are right and one is singular', () => {
  expect(noun('wolf', 3)).toBe('wolves');
  expect(noun('box', 2)).toBe('boxes');
  expect(noun('rose', 4)).toBe('roses');
  expect(noun('wolf', 1)).toBe('wolf');
  expect(describe({ object: 'wolf', count: 1 })).toBe('One wolf.');
});

test('every combination of attributes is one capitalised sentence of its own', () => {
  const sentences = new Set<string>();
  for (const { name: object } of OBJECTS) {
    for (const colour of [undefined, ...COLOURS]) {
      for (const count of [undefined, ...COUNTS]) {
        for (const background of [undefined, ...BACKGROUNDS.map((b) => b.name)]) {
          const text = describe({
            object,
            ...(colour && { colour }),
            ...(count && { count }),
            ...(background && { background }),
          });
          if (/^[A-Z][A-Za-z ]+\.$/.test(text)) sentences.add(text);
        }
      }
    }
  }
  expect(sentences.size).toBe(25 * 10 * 7 * 9);
});

test('sentence does not double what is already there', () => {
  expect(sentence(' two dogs. ')).toBe('Two dogs.');
  expect(Object.values(COUNT_WORDS)).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
});
