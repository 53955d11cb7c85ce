/** The purpose of an image. */

/**
 * Rewards and models learn only from images with the purpose 'learn'. Images with the purpose 'measure' serve
 * evaluation alone.
 */
export const PURPOSES = ['learn', 'measure'] as const;
export type Purpose = (typeof PURPOSES)[number];
