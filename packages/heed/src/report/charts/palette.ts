/** The colours of the report, as names of CSS variables, so that light and dark pages both suit. */

/** Arms, by name; an unknown arm is drawn as 'other'. */
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
 * Chooses a colour for each run, in order: the colour of the arm with the run's name, or else a colour that no arm of
 * these runs has.
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
