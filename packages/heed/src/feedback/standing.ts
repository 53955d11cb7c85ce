/**
 * Every judgement that stands, for whatever it was asked: what an export holds. What is learned from is `lastWords`.
 */
import { groupBy } from '../collections/group-by.ts';
import { type FeedbackEvent, PURPOSES, purposeOf } from './event.ts';
import { type Judgement, lastWords } from './judgements.ts';

/** In the order of the log. Repeats of one query stand side by side: each was asked under a separate id. */
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
