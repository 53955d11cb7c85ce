/**
 * Gives a command a way to add judgements. The command takes the lock of feedback.jsonl and appends the judgements, or
 * sends the judgements to the open studio that owns the lock. The command reaches the studio over a local connection,
 * so that the studio uses the new judgements at once.
 */
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { lockHolder } from '@heed/diffusion/process-lock';
import { z } from 'zod';
import { HeedError } from '../errors.ts';
import { describeHolder, withLock } from '../project/lock.ts';
import type { Project } from '../project/project.ts';
import type { FeedbackEvent } from './event.ts';
import { openFeedbackLog } from './log.ts';

const EVENTS_AT_ONCE = 2000;

/** Accepts feedback events. */
export interface EventSink {
  /** Appends the events and flushes them. Resolves with the number of new events. */
  append(events: readonly FeedbackEvent[]): Promise<number>;
}

/** The address and the access token of the open studio that owns the lock of a project's judgements. */
export interface StudioHolder {
  readonly url: string;
  readonly token: string;
}

const holderSchema = z.object({ url: z.url(), token: z.string().min(1) });

/** File in which an open studio tells commands how to reach it. Only the file's owner can read it. */
export function holderPath(project: Project): string {
  return join(project.paths.state, 'studio', 'holder.json');
}

/**
 * Runs `work` with the right to add judgements. Throws when another command currently has this right; the message names
 * that command.
 */
export async function withEventSink<T>(project: Project, work: (sink: EventSink) => Promise<T>): Promise<T> {
  const holder = await findHolder(project);
  if (holder) return work({ append: (events) => sendEvents(holder, events) });
  return withLock(project, 'label', async () => {
    const log = openFeedbackLog(project.paths.feedback);
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  });
}

async function findHolder(project: Project): Promise<StudioHolder | undefined> {
  const studio = await lockHolder(project.paths.state, 'studio');
  if (!studio) return undefined;
  // A studio on another host cannot be reached, because its port is local.
  if (studio.state === 'unknown') throw new HeedError(describeHolder(studio));
  // The file is missing while the studio starts or ends. The studio's lock then refuses this command.
  return findCheckedJson(holderPath(project), { what: 'how to reach the open studio', schema: holderSchema });
}

async function sendEvents({ url, token }: StudioHolder, events: readonly FeedbackEvent[]): Promise<number> {
  let added = 0;
  for (let begin = 0; begin < events.length; begin += EVENTS_AT_ONCE) {
    const response = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ events: events.slice(begin, begin + EVENTS_AT_ONCE) }),
    }).catch((cause: Error) => {
      throw new HeedError(`the open studio: expected it to take judgements, got: ${cause.message}`, { cause });
    });
    const body = (await response.json().catch(() => ({}))) as { added?: number; error?: string };
    if (!response.ok || body.added === undefined) {
      throw new HeedError(
        `the open studio: expected it to take judgements, got: ${body.error ?? `status ${response.status}`}`,
      );
    }
    added += body.added;
  }
  return added;
}
