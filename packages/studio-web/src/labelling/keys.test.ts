// The keys that a browser kept, also where its storage is damaged or of another version.
import { describe, expect, it } from 'vitest';
import { readKeySettings } from './keys.ts';

describe('stored keys', () => {
  it.each([
    ['none', null, { isOn: true, own: {} }],
    ['whole ones', '{"isOn":false,"own":{"good":"x"}}', { isOn: false, own: { good: 'x' } }],
    ['torn text', '{"isOn":fal', { isOn: true, own: {} }],
    ['another value', '[1]', { isOn: true, own: {} }],
    ['no keys', '{"isOn":false,"own":null}', { isOn: false, own: {} }],
    ['keys that are no text', '{"isOn":true,"own":{"good":{},"bad":"y"}}', { isOn: true, own: { bad: 'y' } }],
    ['actions that are not there', '{"isOn":true,"own":{"toString":"x","fly":"f"}}', { isOn: true, own: {} }],
  ])('%s', (_, stored, expected) => {
    expect(readKeySettings(stored)).toEqual(expected);
  });
});
