// Against published worked examples, and what must hold of any data.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fleissKappa, krippendorffAlpha, rawAgreement } from './agreement.ts';

/** Rows of raters as printed, '.' for missing, to units. */
function unitsOf(...rows: string[]): string[][] {
  const raters = rows.map((row) => row.split(' '));
  return raters[0]!.map((_, unit) => raters.map((row) => row[unit]!).filter((label) => label !== '.'));
}

describe("Krippendorff's alpha", () => {
  it('is 0.743 on the example with four observers and missing data (Krippendorff 2011, C, nominal)', () => {
    const units = unitsOf(
      '1 2 3 3 2 1 4 1 2 . . .',
      '1 2 3 3 2 2 4 1 2 5 . 3',
      '. 3 3 3 2 3 4 2 2 5 1 .',
      '1 2 3 3 2 4 4 1 2 5 1 .',
    );
    expect(krippendorffAlpha(units)).toBeCloseTo(0.743, 3);
  });

  it('is 0.095 on the example with two observers and two values (Krippendorff 2011, A)', () => {
    expect(krippendorffAlpha(unitsOf('0 1 0 0 0 0 0 0 1 0', '1 1 1 0 0 1 0 0 0 0'))).toBeCloseTo(0.095, 3);
  });

  it('is 0.692 on the example with two observers and five values (Krippendorff 2011, B)', () => {
    expect(krippendorffAlpha(unitsOf('a a b b d c c c e d d a', 'b a b b b c c c e d d d'))).toBeCloseTo(0.692, 3);
  });

  it('says nothing where there is nothing to compare', () => {
    expect(krippendorffAlpha([['a'], ['b'], []])).toBeUndefined();
    expect(krippendorffAlpha([['a', 'a']])).toBeUndefined();
  });
});

describe("Fleiss' kappa", () => {
  it('is 0.210 on ten subjects judged by fourteen raters into five categories', () => {
    const counts = [
      [0, 0, 0, 0, 14],
      [0, 2, 6, 4, 2],
      [0, 0, 3, 5, 6],
      [0, 3, 9, 2, 0],
      [2, 2, 8, 1, 1],
      [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0],
      [2, 5, 3, 2, 2],
      [6, 5, 2, 1, 0],
      [0, 2, 2, 3, 7],
    ];
    const units = counts.map((row) => row.flatMap((count, label) => Array<string>(count).fill(String(label))));
    expect(fleissKappa(units)).toBeCloseTo(0.21, 3);
    expect(rawAgreement(units)).toBeCloseTo(0.378, 3);
  });

  it('needs the same number of labels everywhere', () => {
    expect(() => fleissKappa([['a', 'b'], ['a']])).toThrow('needs 2 labels of every unit');
  });
});

it('is 1 where all agree on more than one label, and does not depend on who said what', () => {
  const labels = fc.array(fc.constantFrom('good', 'bad'), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(labels, { minLength: 2, maxLength: 20 }), (units) => {
      const turned = units.map(([a, b, c]) => [c!, a!, b!]);
      expect(krippendorffAlpha(turned)).toEqual(krippendorffAlpha(units));
      expect(fleissKappa(turned)).toEqual(fleissKappa(units));
      const unanimous = units.map(([a]) => [a!, a!, a!]);
      const alpha = krippendorffAlpha(unanimous);
      if (new Set(unanimous.flat()).size > 1) expect(alpha).toBeCloseTo(1, 12);
      else expect(alpha).toBeUndefined();
    }),
  );
});
