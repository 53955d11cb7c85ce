/**
 * Collects the known answers of a log by image: the labels that the project's owners declare correct. The studio
 * compares raters' answers with the known answers.
 */
import { type FeedbackEvent, purposeOf } from './event.ts';

export interface KnownAnswer {
  readonly label: 'good' | 'bad';
  readonly why?: string;
  /** Whether the answer came from the emoji world's recogniser. */
  readonly isSimulated: boolean;
}

/**
 * Collects the known answers by image. For each image the last known answer is used, whichever owner gave it; a
 * withdrawn answer is removed.
 */
export function knownAnswers(events: readonly FeedbackEvent[]): Map<string, KnownAnswer> {
  const known = new Map<string, KnownAnswer>();
  for (const event of events) {
    if (purposeOf(event) !== 'key') continue;
    const { image, label, reason, raterKind } = event;
    if (label === 'good' || label === 'bad') {
      const isSimulated = raterKind === 'simulated';
      known.set(image, { label, ...(reason === undefined ? {} : { why: reason }), isSimulated });
    } else known.delete(image);
  }
  return known;
}
