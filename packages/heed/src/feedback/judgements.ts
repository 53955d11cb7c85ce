/** Finds the judgements of a log that were neither replaced nor withdrawn: each rater's last label of each image. */
import { type FeedbackEvent, type Label, type Purpose, purposeOf, RETRACTED } from './event.ts';

/** An event with a label, not a retraction. */
export interface Judgement extends FeedbackEvent {
  readonly label: Label;
}

/**
 * Finds the last event of each rater on each image, in the order of the log. A later event replaces an earlier one, and
 * a retraction removes it. Only events with the purpose `purpose` are included, by default 'feedback', because models
 * do not learn from answers that measure raters.
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

/** The share of each label (good, bad, skip) among a number of events. */
export interface LabelShares {
  readonly judgements: number;
  readonly good: number;
  readonly bad: number;
  readonly skip: number;
}

/** The share of each label among all events. In the paper, 46.5 % of the labels are good, 48.5 % bad and 5.0 % skip. */
export function labelShares(events: readonly FeedbackEvent[]): LabelShares {
  const share = (label: Label) =>
    events.length === 0 ? 0 : events.filter((event) => event.label === label).length / events.length;
  return { judgements: events.length, good: share('good'), bad: share('bad'), skip: share('skip') };
}
