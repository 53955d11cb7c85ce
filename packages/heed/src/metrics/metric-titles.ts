/** Titles of the columns of metrics.jsonl, in display order. */

export const METRIC_TITLES: Readonly<Record<string, string>> = {
  loss: 'Loss',
  modelLoss: "Loss on the model's images",
  preferenceLoss: 'Preference loss',
  pretrainingLoss: 'Pre-training loss',
  // Pairs (dpo).
  pairAccuracy: 'Share of pairs ranked as labelled',
  margin: 'Margin of good over bad images',
  winnerDrift: 'Error on good images, minus before tuning',
  loserDrift: 'Error on bad images, minus before tuning',
  loserScale: 'Share kept of the gradient of bad images',
  // Single images (kto).
  goodDrift: 'Error on good images, minus before tuning',
  badDrift: 'Error on bad images, minus before tuning',
  baseline: 'Mean gain over the model before tuning',
  // Bounded targets (nft).
  targetDistance: 'Squared distance from the model before tuning to the target',
  referenceDistance: 'Squared distance from the model before tuning',
  // Measured on prompts kept for choosing (tune.watch).
  'watch.judge': 'Judging reward on kept prompts',
  'watch.reward': 'Learned reward on kept prompts',
  'watch.diversity': 'Diversity within kept prompts',
  'watch.distance': 'Distance to the model before tuning',
  'watch.saturation': 'Saturation on kept prompts',
  'watch.brightness': 'Brightness on kept prompts',
  meanReward: 'Mean reward of the batch',
  reward: 'Mean reward of the batch',
  meanSquaredError: 'Squared error',
  promptClassification: 'Prompt classification loss',
  validationLoss: 'Loss, held out to stop by',
  validationError: 'Squared error, held out',
  validationClassification: 'Prompt classification loss, held out',
  gradientNorm: 'Gradient norm',
  learningRate: 'Learning rate',
  skipped: 'Skipped updates',
};

const NOT_CURVES = new Set(['step', 'time']);
const ORDER = Object.keys(METRIC_TITLES);

/** The title of a column; the column's name where it has no title. */
export const metricTitle = (name: string): string => METRIC_TITLES[name] ?? name;

/**
 * The columns of these records that are curves: first the columns with titles, in the order of `METRIC_TITLES`, then
 * the other columns.
 */
export function curveNames(records: Iterable<Readonly<Record<string, unknown>>>): string[] {
  const found = new Set([...records].flatMap((record) => Object.keys(record)));
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [...found].filter((name) => !NOT_CURVES.has(name)).sort((a, b) => place(a) - place(b));
}
