/** The colours of the report, as CSS variables whose values differ between the light and the dark theme. */

/** Colours of the evaluation's arms, by name; `armColour` gives an unknown arm blue. */
const ARM_COLOURS: Readonly<Record<string, string>> = {
  base: 'var(--grey)',
  tuned: 'var(--accent)',
  bestOf: 'var(--amber)',
  'labelled-only': 'var(--rose)',
  'without-pretraining': 'var(--violet)',
  'as-printed': 'var(--blue)',
};

export function armColour(name: string): string {
  return ARM_COLOURS[name] ?? 'var(--blue)';
}

/** Colours for runs that are not arms of the evaluation. */
const OTHER_COLOURS = ['var(--accent)', 'var(--amber)', 'var(--violet)', 'var(--rose)', 'var(--blue)'];

/**
 * Chooses a colour for each run, in the order of `names`. A run with an arm's name gets that arm's colour. Each other
 * run gets a colour that belongs to no arm among `names`.
 */
export function runColours(names: readonly string[]): string[] {
  const taken = new Set(names.map((name) => ARM_COLOURS[name]));
  const free = OTHER_COLOURS.filter((colour) => !taken.has(colour));
  let others = 0;
  return names.map((name) => ARM_COLOURS[name] ?? free[others++ % free.length] ?? 'var(--grey)');
}

/** Reward variants. */
const REWARD_COLOURS: Readonly<Record<string, string>> = {
  clip: 'var(--rose)',
  plain: 'var(--blue)',
  aux: 'var(--accent)',
  half: 'var(--accent-soft)',
};

export function rewardColour(variant: string): string {
  return REWARD_COLOURS[variant] ?? 'var(--grey)';
}

export const OUTCOME_COLOURS = { win: 'var(--accent)', tie: 'var(--tie)', lose: 'var(--rose)' } as const;
