/** Converts evaluations of older versions to today's format. */

/**
 * Upgrades version 1, which knew only the emoji world and stored neither prompts nor image ids. Any other value is
 * returned unchanged.
 */
export function upgradeEvaluation(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || (value as { version?: unknown }).version !== 1) return value;
  const { judges: _, arms, ...rest } = value as { judges?: unknown; arms?: unknown } & Record<string, unknown>;
  return {
    ...rest,
    version: 2,
    world: 'emoji',
    prompts: [],
    arms: Array.isArray(arms) ? arms.map((arm: object) => ({ ...arm, imageIds: [] })) : arms,
    figures: [],
    others: [],
    notes: [],
  };
}
