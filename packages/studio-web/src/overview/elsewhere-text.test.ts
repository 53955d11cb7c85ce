// The sentence under the overview's table of judgements.
import { expect, it } from 'vitest';
import { elsewhereText } from './elsewhere-text.ts';

it('names every set of judgements that the table leaves out', () => {
  const elsewhere = [{ set: 'eval', judgements: 3840 }, { judgements: 6 }];
  expect(elsewhereText('train', elsewhere)).toBe(
    'The table counts images of the set train. Other images have 3,846 judgements more: 3,840 in the set eval, 6 of images that are set aside or gone.',
  );
});
