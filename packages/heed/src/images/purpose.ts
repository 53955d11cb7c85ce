/** What an image is for. */

/** Rewards and models learn from images with the purpose 'learn'; the others measure, and nothing else. */
export const PURPOSES = ['learn', 'measure'] as const;
export type Purpose = (typeof PURPOSES)[number];
