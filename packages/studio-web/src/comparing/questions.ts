/** The two questions of a blind comparison and their possible answers, with their keys. */

export const QUESTION_NAMES = ['alignment', 'fidelity'] as const;
export type Question = (typeof QUESTION_NAMES)[number];

/** In the order of the buttons. The letters also work on enlarged images, where arrow keys move between images. */
export const PREFERENCES = {
  left: { keys: ['ArrowLeft', 'l'] },
  tie: { keys: ['ArrowDown', 't'] },
  right: { keys: ['ArrowRight', 'r'] },
} as const;
export type Preference = keyof typeof PREFERENCES;
export const PREFERENCE_NAMES = Object.keys(PREFERENCES) as Preference[];
