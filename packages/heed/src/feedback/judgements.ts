/** The standing judgements of a log: each rater's last label of each image, and the raters' agreement on an image. */
import { type FeedbackEvent, type Label, type Purpose, purposeOf, RETRACTED } from './event.ts';

/** An event with a label, not a retraction. */
export interface Judgement extends FeedbackEvent {
  readonly label: Label;
}

/**
 * The last event of each rater on each image, in the order of the log. A later event replaces an earlier one, and a
 * retraction removes it. Only feedback is included, or the purpose `purpose`, because answers that measure raters are
 * not learned from.
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

/** The share of each label among all events. The paper has 46.5, 48.5 and 5.0 per cent. */
export function labelShares(events: readonly FeedbackEvent[]): LabelShares {
  const share = (label: Label) =>
    events.length === 0 ? 0 : events.filter((event) => event.label === label).length / events.length;
  return { judgements: events.length, good: share('good'), bad: share('bad'), skip: share('skip') };
}
