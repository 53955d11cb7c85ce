/**
 * feedback.jsonl: every judgement that was accepted, flushed to disk before it is acknowledged, never rewritten.
 * It is the truth from which any database can be rebuilt. Who may append is the caller's business.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { badInput } from '../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../files/json-lines.ts';
import { type FeedbackEvent, parseFeedbackEvent } from './event.ts';

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
  const writer = createJsonLinesWriter(path, { fsync: true });
  let knownIds: Set<string> | undefined;
  const readAll = () => readJsonLines(path, parseFeedbackEvent).records;
  return {
    path,
    async append(events) {
      const checked = events.map(checkEvent);
      if (!knownIds) {
        await mkdir(dirname(path), { recursive: true });
        knownIds = new Set(readAll().map(({ id }) => id));
      }
      const ids = knownIds;
      const fresh = new Map(checked.filter(({ id }) => !ids.has(id)).map((event) => [event.id, event]));
      // Claimed before the write, so that the same event in a second call meanwhile is not written twice.
      for (const id of fresh.keys()) ids.add(id);
      try {
        await writer.append([...fresh.values()]);
      } catch (error) {
        for (const id of fresh.keys()) ids.delete(id);
        throw error;
      }
      return fresh.size;
    },
    read: async () => readAll(),
    close: () => writer.close(),
  };
}

function checkEvent(event: FeedbackEvent, index: number): FeedbackEvent {
  try {
    return parseFeedbackEvent(event);
  } catch (error) {
    throw badInput(`feedback event ${index + 1}: ${(error as Error).message}`);
  }
}
