/**
 * A table of the rules for monitoring a tuning run; docs/methods.md describes the same rules. A rule warns when its
 * value exceeds `warnsAbove`. A rule stops the run when its value exceeds `stopsAbove` at two consecutive measurements.
 */

/** The measurements at one update on images of the reserved prompts. Lists have one value for each prompt. */
export interface WatchPoint {
  readonly step: number;
  /** Mean learned reward of each prompt's images; undefined when the project has no learned reward. */
  readonly reward?: readonly number[] | undefined;
  /** Mean judging reward of each prompt's images; undefined when there are too few labels to train a judging reward. */
  readonly judge?: readonly number[] | undefined;
  /** Mean of 1 - cosine of the CLIP embeddings, over pairs of images of the same prompt. */
  readonly diversity: readonly number[];
  /** Mean of 1 - cosine of the CLIP embeddings of the images before tuning and now, for the same prompt and seed. */
  readonly distance: readonly number[];
  readonly saturation: readonly number[];
  readonly brightness: readonly number[];
}

export interface AlarmRule {
  readonly id: 'judging-reward' | 'diversity' | 'distance' | 'saturation' | 'brightness';
  /** Description of the value that is compared with the limits. */
  readonly measures: string;
  readonly unit: string;
  readonly warnsAbove: number;
  readonly stopsAbove: number;
  /** The value that is compared with the limits; undefined when this value was not measured. */
  value(now: WatchPoint, base: WatchPoint): number | undefined;
}

export const ALARM_RULES: readonly AlarmRule[] = [
  {
    id: 'judging-reward',
    measures: 'fall of the judging reward below the model before tuning',
    unit: 'standard errors over prompts',
    warnsAbove: 1,
    stopsAbove: 2,
    value: (now, base) => (now.judge && base.judge ? errorsBelow(now.judge, base.judge) : undefined),
  },
  {
    id: 'diversity',
    measures: 'loss of diversity within a prompt',
    unit: 'share of that before tuning',
    warnsAbove: 0.3,
    stopsAbove: 0.5,
    value: (now, base) => 1 - mean(now.diversity) / mean(base.diversity),
  },
  {
    id: 'distance',
    measures: 'distance to the model before tuning, images of equal seeds compared',
    unit: "times that model's diversity within a prompt",
    warnsAbove: 1,
    stopsAbove: 1.5,
    value: (now, base) => mean(now.distance) / mean(base.diversity),
  },
  {
    id: 'saturation',
    measures: 'change of mean saturation',
    unit: 'of 1',
    warnsAbove: 0.1,
    stopsAbove: 0.2,
    value: (now, base) => Math.abs(mean(now.saturation) - mean(base.saturation)),
  },
  {
    id: 'brightness',
    measures: 'change of mean brightness',
    unit: 'of 1',
    warnsAbove: 0.1,
    stopsAbove: 0.2,
    value: (now, base) => Math.abs(mean(now.brightness) - mean(base.brightness)),
  },
];

export interface Alarm {
  readonly rule: AlarmRule['id'];
  readonly step: number;
  readonly value: number;
  /** Whether the alarm stops the run. */
  readonly stops: boolean;
}

/** The alarms for the last of `points`; the first of `points` is the measurement before tuning. */
export function alarmsOf(points: readonly WatchPoint[]): Alarm[] {
  const [base] = points;
  const now = points.at(-1)!;
  const before = points.at(-2);
  if (base === undefined || before === undefined) return [];
  return ALARM_RULES.flatMap((rule) => {
    const value = rule.value(now, base);
    if (value === undefined || !(value > rule.warnsAbove)) return [];
    const stops = value > rule.stopsAbove && (rule.value(before, base) ?? 0) > rule.stopsAbove;
    return [{ rule: rule.id, step: now.step, value, stops }];
  });
}

/** Describes an alarm in a sentence without a full stop. */
export function describeAlarm({ rule: id, step, value, stops }: Alarm): string {
  const rule = ALARM_RULES.find((each) => each.id === id)!;
  const limit = stops ? `above ${rule.stopsAbove} twice in a row, so the run stops` : `above ${rule.warnsAbove}`;
  return `update ${step}: ${rule.measures} is ${value.toFixed(2)} ${rule.unit}, ${limit}`;
}

/**
 * The step whose weights are written: the step after 0 with the highest judging reward, or else with the highest
 * learned reward. The result is undefined when neither reward was measured. Of equally good steps, the earlier one is
 * chosen.
 */
export function bestStep(points: readonly WatchPoint[]): number | undefined {
  let best: { step: number; score: number } | undefined;
  for (const { step, judge, reward } of points.slice(1)) {
    const scores = judge ?? reward;
    if (scores === undefined) return undefined;
    const score = mean(scores);
    if (best === undefined || score > best.score) best = { step, score };
  }
  return best?.step;
}

/** The mean drop from `base` to `now`, divided by the standard error of the differences over prompts. */
function errorsBelow(now: readonly number[], base: readonly number[]): number {
  const falls = now.map((value, i) => base[i]! - value);
  const fall = mean(falls);
  const variance = falls.reduce((sum, each) => sum + (each - fall) ** 2, 0) / Math.max(1, falls.length - 1);
  const error = Math.sqrt(variance / falls.length);
  return error === 0 ? Math.sign(fall) * (fall === 0 ? 0 : Number.MAX_VALUE) : fall / error;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
