// Texts that spreadsheet programs take for something else, and texts that they leave alone.
import { describe, expect, it } from 'vitest';
import { guardCell, unguardCell } from './spreadsheet-cells.ts';

describe('cells', () => {
  it.each([
    '=1+1',
    '+1',
    '-x',
    '@x',
    '\tx',
    '007',
    '1551336442423361',
    '0000000000000001',
    '1234567890123e45',
    '1e5',
    '1.5',
    '1,5',
    '.5',
    '1 000',
    '1/2',
    '10:30',
    '10:30 pm',
    '2026-01-31',
    '31.01.2026',
    '50%',
    '5 Jan',
    'MARCH7',
    'Sept-2',
    '1 Dec 2026',
    'true',
    'FALSE',
  ])('%j is guarded', (text) => {
    expect(guardCell(text)).toBe(`'${text}`);
    expect(unguardCell(guardCell(text))).toBe(text);
    expect(unguardCell(guardCell(`'${text}`))).toBe(`'${text}`);
  });

  it.each([
    '',
    'anna',
    'Two dogs.',
    '3 cats',
    'img-1551336442423361',
    '0123456789abcdef',
    'a vase, 7',
    "'tis",
    "'",
    'May flowers',
    'truely',
    '2026-01-31T09:30:00.000Z',
    '...',
    '1a',
  ])('%j is left alone', (text) => {
    expect(guardCell(text)).toBe(text);
    expect(unguardCell(text)).toBe(text);
  });
});
