/**
 * Collects raters' preferences between two images of a query (a few images that a rater saw together). Preferences come
 * from stated choices or from good and bad labels.
 */
import { groupBy } from '../collections/group-by.ts';
import type { FeedbackEvent } from './event.ts';
import { type Judgement, lastWords } from './judgements.ts';

/** Two images of one query and one prompt as one rater judged them. */
export interface PreferencePair {
  readonly better: Judgement;
  readonly worse: Judgement;
  /** Whether the rater found neither image better; the order of the images then has no meaning. */
  readonly isTie: boolean;
}

/** Collects preferences that raters stated; a rater who chooses the best of three images states two preferences. */
export function statedPreferences(events: readonly FeedbackEvent[]): PreferencePair[] {
  const pairs = queriesOf(lastWords(events, { purpose: 'preference' })).flatMap((shown) => {
    const apart = judgedApart(shown);
    if (apart.length > 0) return apart;
    // In a tie of all images, each pair is listed once.
    const tied = shown.filter(({ label }) => label === 'good');
    return tied.flatMap((better, i) => tied.slice(i + 1).map((worse) => ({ better, worse, isTie: true })));
  });
  return pairs.filter(({ better, worse }) => better.prompt === worse.prompt);
}

/**
 * Collects the preferences that labels imply: within a query, a rater prefers each image labelled good to each image
 * labelled bad.
 */
export function impliedPreferences(events: readonly FeedbackEvent[]): PreferencePair[] {
  return queriesOf(lastWords(events)).flatMap(judgedApart);
}

function queriesOf(judgements: readonly Judgement[]): Judgement[][] {
  return [...groupBy(judgements, ({ rater, query }) => JSON.stringify([rater, query])).values()];
}

function judgedApart(shown: readonly Judgement[]): PreferencePair[] {
  const [good, bad] = (['good', 'bad'] as const).map((label) => shown.filter((event) => event.label === label));
  return good!.flatMap((better) => bad!.map((worse) => ({ better, worse, isTie: false })));
}
