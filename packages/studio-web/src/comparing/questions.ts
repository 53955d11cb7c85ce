/** The two questions of a blind comparison and what can be said to each, with their keys. */

export const QUESTION_NAMES = ['alignment', 'fidelity'] as const;
export type Question = (typeof QUESTION_NAMES)[number];

/** In the order of the buttons. The letters also work on the enlarged images, where arrows move. */
export const PREFERENCES = {
  left: { keys: ['ArrowLeft', 'l'] },
  tie: { keys: ['ArrowDown', 't'] },
  right: { keys: ['ArrowRight', 'r'] },
} as const;
export type Preference = keyof typeof PREFERENCES;
export const PREFERENCE_NAMES = Object.keys(PREFERENCES) as Preference[];
