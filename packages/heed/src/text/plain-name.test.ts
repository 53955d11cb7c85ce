// Names without what turns text round or cannot be seen.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainName } from './plain-name.ts';

it('loses direction marks, invisible and control characters, and keeps what scripts need', () => {
  expect(plainName('\u202Eevil')).toBe('evil');
  expect(plainName('a\u2066b\u2069 \u200Fc\u061C')).toBe('ab c');
  expect(plainName('  Ann\u200B\n\tLee\u0007 ')).toBe('Ann Lee');
  expect(plainName('\u202E\u200B')).toBe('');
  for (const name of ['Zoë', 'مريم', 'דוד', 'علی‌رضا', '👩‍🔬 Ada', 'Łukasz', '王小明', "O'Brien <b>"]) {
    expect(plainName(name)).toBe(name);
  }
});

it('never holds a direction mark, and stays as it is when cleaned again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const plain = plainName(name);
      expect(plain).not.toMatch(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
      expect(plainName(plain)).toBe(plain);
    }),
  );
});
