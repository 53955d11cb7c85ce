// Keys by letter and by place.
import { describe, expect, it } from 'vitest';
import { keyNames } from './key-names.ts';

const named = (key: string, code: string, shiftKey = false) => keyNames({ key, code, shiftKey });

describe('a key', () => {
  it('is its letter on Latin layouts, wherever it lies', () => {
    expect(named('g', 'KeyG')).toEqual(['g']);
    expect(named('G', 'KeyG', true)).toEqual(['G']);
    // Dvorak, and a German z.
    expect(named('i', 'KeyG')).toEqual(['i']);
    expect(named('z', 'KeyY')).toEqual(['z']);
    expect(named('ArrowUp', 'ArrowUp')).toEqual(['ArrowUp']);
    expect(named(' ', 'Space')).toEqual([' ']);
  });

  it('is its place as well where the letter is of another script or goes to an input method', () => {
    expect(named('п', 'KeyG')).toEqual(['п', 'g']);
    expect(named('И', 'KeyB', true)).toEqual(['И', 'B']);
    expect(named('γ', 'KeyG')).toEqual(['γ', 'g']);
    expect(named('ل', 'KeyG')).toEqual(['ل', 'g']);
    expect(named('Process', 'KeyS')).toEqual(['Process', 's']);
    expect(named('Dead', 'KeyU')).toEqual(['Dead', 'u']);
    expect(named('؟', 'Slash', true)).toEqual(['؟', '?']);
  });

  it('is its digit on layouts that write others there', () => {
    expect(named('1', 'Digit1')).toEqual(['1']);
    expect(named('&', 'Digit1')).toEqual(['&', '1']);
    expect(named('٢', 'Digit2')).toEqual(['٢', '2']);
    expect(named('!', 'Digit1', true)).toEqual(['!']);
    expect(named('End', 'Numpad1')).toEqual(['End']);
  });
});
