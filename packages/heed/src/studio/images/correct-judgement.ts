/**
 * Corrections by an owner, as events of feedback.jsonl: a judgement by the owner, or the removal of a rater's
 * judgement.
 */

import type { EventsOf } from '../../feedback/import-judgements.ts';
import { type FeedbackEvent, lastWords, queryId, RETRACTED, revisedEventId } from '../../feedback/index.ts';
import type { ImageRecord } from '../../images/record.ts';

/** The event that records the owner's judgement of one image and replaces an earlier judgement by this owner. */
export function ownJudgement(
  image: ImageRecord,
  { rater, label, reason }: { rater: string; label: 'good' | 'bad'; reason?: string | undefined },
): EventsOf {
  return (log) => {
    const query = queryId(image.prompt, [image.id]);
    return [
      {
        id: nextId(log, { query, rater, image: image.id }),
        time: new Date().toISOString(),
        rater,
        raterKind: 'human',
        query,
        image: image.id,
        prompt: image.prompt,
        model: image.model,
        label,
        ...(reason === undefined || reason === '' ? {} : { reason }),
      },
    ];
  };
}

/**
 * The event that withdraws a rater's judgement of the image; `by` names the owner and the reason. Without a current
 * judgement by the rater, there is no event.
 */
export function strikeOut(image: ImageRecord, { rater, by }: { rater: string; by: string }): EventsOf {
  return (log) => {
    const word = lastWords(log).find((event) => event.image === image.id && event.rater === rater);
    if (word === undefined) return [];
    const { query, raterKind, prompt, model } = word;
    return [
      {
        id: nextId(log, { query, rater, image: image.id }),
        time: new Date().toISOString(),
        rater,
        raterKind,
        query,
        image: image.id,
        prompt,
        model,
        label: RETRACTED,
        reason: `struck out by ${by}`,
      },
    ];
  };
}

function nextId(log: readonly FeedbackEvent[], facts: { query: string; rater: string; image: string }): string {
  const ids = new Set(log.map(({ id }) => id));
  let earlier = 0;
  while (ids.has(revisedEventId(facts, earlier))) earlier++;
  return revisedEventId(facts, earlier);
}
