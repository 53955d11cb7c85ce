/** Which of two images of a query a rater finds better: out of preferences, and out of good beside bad. */
import { groupBy } from '../collections/group-by.ts';
import type { FeedbackEvent } from './event.ts';
import { type Judgement, lastWords } from './judgements.ts';

/** Two images of one query and one prompt as one rater judged them. */
export interface PreferencePair {
  readonly better: Judgement;
  readonly worse: Judgement;
  /** Neither is better; which is called so says nothing. */
  readonly isTie: boolean;
}

/** What raters said where they were asked for a preference. The best of three makes two pairs. */
export function statedPreferences(events: readonly FeedbackEvent[]): PreferencePair[] {
  const pairs = queriesOf(lastWords(events, { purpose: 'preference' })).flatMap((shown) => {
    const apart = judgedApart(shown);
    if (apart.length > 0) return apart;
    // A tie of all: each pair once.
    const tied = shown.filter(({ label }) => label === 'good');
    return tied.flatMap((better, i) => tied.slice(i + 1).map((worse) => ({ better, worse, isTie: true })));
  });
  return pairs.filter(({ better, worse }) => better.prompt === worse.prompt);
}

/** Good beside bad in one query, where raters were asked for good or bad of each image. */
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
