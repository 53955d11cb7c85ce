/**
 * Where a command adds judgements: feedback.jsonl itself, alone under its lock, or the open studio that holds it, which
 * takes them over a connection of this machine and knows them at once.
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

/** Takes events as the log does. */
export interface EventSink {
  /** Resolves, once they are flushed, with how many were new. */
  append(events: readonly FeedbackEvent[]): Promise<number>;
}

/** How to reach the studio that holds a project's judgements. */
export interface StudioHolder {
  readonly url: string;
  readonly token: string;
}

const holderSchema = z.object({ url: z.url(), token: z.string().min(1) });

/** Where an open studio says how commands reach it; readable by its owner alone. */
export function holderPath(project: Project): string {
  return join(project.paths.state, 'studio', 'holder.json');
}

/** Gives `work` the right to add judgements. Where another command has it, that command is named. */
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
  // The studio's port is open to its host alone.
  if (studio.state === 'unknown') throw new HeedError(describeHolder(studio));
  // Missing while the studio starts or ends; its lock then refuses this command.
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
