// The sentence above figures of simulated judgements.
import { expect, it } from 'vitest';
import { simulatedText } from './simulated-note.tsx';

it('tells how many judgements are simulated, of how many', () => {
  expect(simulatedText({ byPeople: 0, simulated: 4800 })).toBe(
    'All 4,800 judgements of images are simulated: a program made them, no person did.',
  );
  expect(simulatedText({ byPeople: 200, simulated: 4800 })).toMatch(/^4,800 of 5,000 judgements/);
});
