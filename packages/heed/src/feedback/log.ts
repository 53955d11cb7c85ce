/**
 * The log feedback.jsonl holds every accepted judgement. A judgement is flushed to disk before the sender gets a
 * confirmation, and a written judgement never changes. Every table of judgements can be rebuilt from this file. The
 * caller ensures that only one process appends.
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
   * Checks all events, appends them in one write and flushes the file to disk. Resolves with the number of new events.
   * An event whose id is already in the log is left out, so that repeating a call is harmless. If one event is bad, no
   * event is written.
   */
  append(events: readonly FeedbackEvent[]): Promise<number>;
  /**
   * Reads all complete events in order. An incomplete last line is ignored; a damaged line elsewhere throws an error
   * with the line number.
   */
  read(): Promise<FeedbackEvent[]>;
  close(): Promise<void>;
}

/**
 * Opens the log at `path`, which need not exist yet. An incomplete last line, left by a crash, is cut off at the first
 * append.
 */
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
  // Appends run one after another, so that a retry is not reported as known before the first attempt is on disk.
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
