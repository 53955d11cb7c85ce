/**
 * Every standing judgement, for any purpose, as exports contain them. `lastWords` returns the judgements that rewards
 * learn from.
 */
import { groupBy } from '../collections/group-by.ts';
import { type FeedbackEvent, PURPOSES, purposeOf } from './event.ts';
import { type Judgement, lastWords } from './judgements.ts';

/**
 * Returns the standing judgements in the order of the log. Repeats of one query are all included, because each has its
 * own id.
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
