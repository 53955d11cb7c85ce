import { describe, expect, it } from 'vitest';
import { armColour, runColours } from './palette.ts';

describe('runColours', () => {
  it('gives runs of arms the colours that the arms have elsewhere, and no two runs the same', () => {
    const names = ['mine', 'tuned', 'labelled-only', 'other'];
    const colours = runColours(names);
    expect(colours[1]).toBe(armColour('tuned'));
    expect(colours[2]).toBe(armColour('labelled-only'));
    expect(new Set(colours).size).toBe(names.length);
  });

  it('has one for every run of all arms', () => {
    expect(runColours(['tuned', 'labelled-only', 'without-pretraining', 'as-printed', 'mine'])).not.toContain(
      undefined,
    );
  });
});
