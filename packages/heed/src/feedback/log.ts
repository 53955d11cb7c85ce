/**
 * feedback.jsonl: every judgement that was accepted, flushed to disk before it is acknowledged, never rewritten.
 * It is the truth from which any database can be rebuilt. Who may append is the caller's business.
 */

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createQueue } from '@heed/diffusion/one-at-a-time';
import { atPlace } from '../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../files/json-lines.ts';
import { type FeedbackEvent, parseFeedbackEvent } from './event.ts';
import { createIdSet, type IdSet } from './id-set.ts';

export interface FeedbackLog {
  readonly path: string;
  /**
   * Checks all events, then appends them in one write and flushes; resolves with how many were new. Events whose id is
   * there already are left out, so that a retry is harmless. Where one is bad, none is written.
   */
  append(events: readonly FeedbackEvent[]): Promise<number>;
  /** All whole events in order. A torn last line is left out; damage elsewhere throws with its line. */
  read(): Promise<FeedbackEvent[]>;
  close(): Promise<void>;
}

/** Opens the log at `path`, which need not exist yet. A last line torn by a crash is cut off at the first append. */
export function openFeedbackLog(path: string): FeedbackLog {
  const writer = createJsonLinesWriter(path, { fsync: true, sums: true });
  const readAll = () => readJsonLines(path, parseFeedbackEvent).records;
  let knownIds: IdSet | undefined;
  const appendNew = async (events: readonly FeedbackEvent[]): Promise<number> => {
    if (knownIds === undefined) await mkdir(dirname(path), { recursive: true });
    const ids = knownIds ?? idsOf(readAll());
    knownIds = ids;
    const fresh = new Map(events.filter(({ id }) => !ids.has(id)).map((event) => [event.id, event]));
    await writer.append([...fresh.values()]);
    for (const id of fresh.keys()) ids.add(id);
    return fresh.size;
  };
  // One after another: a retry must not be told "known" while the first attempt is not on disk yet.
  const inTurn = createQueue();
  return {
    path,
    async append(events) {
      const checked = events.map(checkEvent);
      return inTurn(() => appendNew(checked));
    },
    read: async () => readAll(),
    async close() {
      await inTurn(async () => {});
      await writer.close();
    },
  };
}

function idsOf(events: readonly FeedbackEvent[]): IdSet {
  const ids = createIdSet();
  for (const { id } of events) ids.add(id);
  return ids;
}

function checkEvent(event: FeedbackEvent, index: number): FeedbackEvent {
  try {
    return parseFeedbackEvent(event);
  } catch (error) {
    throw atPlace(`feedback event ${index + 1}`, error);
  }
}
