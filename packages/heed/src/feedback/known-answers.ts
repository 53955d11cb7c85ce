/**
 * The known answers of a log: what somebody vouches for, by image. Who is measured by them is the studio's business.
 */
import { type FeedbackEvent, purposeOf } from './event.ts';

export interface KnownAnswer {
  readonly label: 'good' | 'bad';
  readonly why?: string;
  /** The emoji world's recogniser said so. */
  readonly isSimulated: boolean;
}

/** The last known answer of each image counts, whichever owner gave it; a withdrawn one leaves none. */
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
