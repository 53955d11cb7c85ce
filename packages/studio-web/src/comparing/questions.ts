/** The two questions of a blind comparison and what can be said to each, with their keys. */

export const QUESTIONS = {
  alignment: 'Which side fits the text better?',
  fidelity: 'Which side looks better?',
} as const;
export type Question = keyof typeof QUESTIONS;
export const QUESTION_NAMES = Object.keys(QUESTIONS) as Question[];

/** In the order of the buttons. */
export const PREFERENCES = {
  left: { name: 'Left', key: 'ArrowLeft' },
  tie: { name: 'Tie', key: 'ArrowDown' },
  right: { name: 'Right', key: 'ArrowRight' },
} as const;
export type Preference = keyof typeof PREFERENCES;
export const PREFERENCE_NAMES = Object.keys(PREFERENCES) as Preference[];
