import { expect, test } from 'vitest';
import { describe as sentenceOf } from '../grammar.ts';
import { objectWord } from '../vocabulary.ts';
import { evaluationAttributes } from './evaluation-attributes.ts';

const sentences = evaluationAttributes().map(({ attributes }) => sentenceOf(attributes));

test('there are 120 different prompts, half of them seen', () => {
  expect(new Set(sentences).size).toBe(120);
  expect(evaluationAttributes().filter(({ seen }) => seen)).toHaveLength(60);
  for (const { attributes, seen } of evaluationAttributes()) expect(objectWord(attributes.object).seen).toBe(seen);
});

test.each([
  'A red colored dog.',
  'A black colored apple.',
  'An apple in the forest.',
  'Five dogs.',
  'A blue colored rose.',
  'A wolf on the moon.',
  'Two brown bears.',
  'Three red roses.',
  'Four wolves.',
])('table 4 of the paper has "%s"', (sentence) => {
  expect(sentences).toContain(sentence);
});
