/** The two questions of a blind comparison, and the possible answers with their keyboard shortcuts. */

export const QUESTION_NAMES = ['alignment', 'fidelity'] as const;
export type Question = (typeof QUESTION_NAMES)[number];

/**
 * The possible answers with their keys, in the order of the buttons. The letters also work while an image is enlarged;
 * the arrow keys then move between images.
 */
export const PREFERENCES = {
  left: { keys: ['ArrowLeft', 'l'] },
  tie: { keys: ['ArrowDown', 't'] },
  right: { keys: ['ArrowRight', 'r'] },
} as const;
export type Preference = keyof typeof PREFERENCES;
export const PREFERENCE_NAMES = Object.keys(PREFERENCES) as Preference[];
