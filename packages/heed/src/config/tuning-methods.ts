/** The names of the tuning methods. What a method does is in `tune/methods/`; nothing here loads an engine. */

export const METHOD_NAMES = ['reward-weighted'] as const;
export type MethodName = (typeof METHOD_NAMES)[number];

/** The paper's method: equation 2. */
export const DEFAULT_METHOD: MethodName = 'reward-weighted';
