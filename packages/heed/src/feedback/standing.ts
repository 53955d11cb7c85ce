/**
 * Selects all standing judgements (the ones that no later event replaced), of every purpose, for exports. The
 * judgements that rewards are trained on come from `lastWords`.
 */
import { groupBy } from '../collections/group-by.ts';
import { type FeedbackEvent, PURPOSES, purposeOf } from './event.ts';
import { type Judgement, lastWords } from './judgements.ts';

/**
 * Returns the standing judgements in the order of the log. When a query is shown again to measure a rater's
 * consistency, the repeated answers are included too, because each repeat has its own query id.
 */
export function standingJudgements(events: readonly FeedbackEvent[]): Judgement[] {
  const repeats = groupBy(
    events.filter((event) => purposeOf(event) === 'repeat'),
    ({ query }) => query,
  );
  const standing = new Set<FeedbackEvent>([
    ...PURPOSES.filter((purpose) => purpose !== 'repeat').flatMap((purpose) => lastWords(events, { purpose })),
    ...[...repeats.values()].flatMap((asked) => lastWords(asked, { purpose: 'repeat' })),
  ]);
  return events.filter((event): event is Judgement => standing.has(event));
}
