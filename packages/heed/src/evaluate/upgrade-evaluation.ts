/** Evaluations that an older heed wrote, in today's shape. */

/** Version 1 knew the emoji world alone and kept neither prompts nor image ids. Anything else is returned as it is. */
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
