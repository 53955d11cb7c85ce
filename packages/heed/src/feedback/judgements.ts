/** What the log says in the end: the last word of each rater on each image, and what an image's raters agree on. */
import { type FeedbackEvent, type Label, type Purpose, purposeOf, RETRACTED } from './event.ts';

/** An event that says something: no retraction. */
export interface Judgement extends FeedbackEvent {
  readonly label: Label;
}

/**
 * The last event of each rater on each image, in the order of the log. An earlier one was taken back by a later, and
 * by a retraction altogether. Of all that is in the log only feedback, or what `purpose` names instead: what measures
 * raters is no judgement to learn from.
 */
export function lastWords(
  events: readonly FeedbackEvent[],
  { purpose = 'feedback' }: { purpose?: Purpose } = {},
): Judgement[] {
  const last = new Map<string, Judgement>();
  for (const event of events) {
    if (purposeOf(event) !== purpose) continue;
    // A rater sees an image in several pairs, and each counts as a separate judgement.
    const key = JSON.stringify([event.rater, event.image, ...(purpose === 'preference' ? [event.query] : [])]);
    last.delete(key);
    if (isJudgement(event)) last.set(key, event);
  }
  return [...last.values()];
}

function isJudgement(event: FeedbackEvent): event is Judgement {
  return event.label !== RETRACTED;
}

/** Shares of good, bad and skip over events. */
export interface LabelShares {
  readonly judgements: number;
  readonly good: number;
  readonly bad: number;
  readonly skip: number;
}

/** How often each label was given, as shares of all; the paper's are 46.5, 48.5 and 5.0 per cent. */
export function labelShares(events: readonly FeedbackEvent[]): LabelShares {
  const share = (label: Label) =>
    events.length === 0 ? 0 : events.filter((event) => event.label === label).length / events.length;
  return { judgements: events.length, good: share('good'), bad: share('bad'), skip: share('skip') };
}
