/**
 * The queries that owners want to have judged first, stored in label-queue.jsonl. The file is append-only, and every
 * write is flushed. A query stays in the queue until a person judges it; judgements from before the query was queued do
 * not remove it. `lease.ts` chooses all other queries.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../../files/json-lines.ts';
import type { Project } from '../../project/project.ts';
import type { Database } from '../storage/database.ts';

/** File name in the project's folder. */
const LABEL_QUEUE_FILE = 'label-queue.jsonl';

const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('queued'), time: z.iso.datetime(), query: z.string().min(1).max(200) }),
  /** The queue becomes empty. */
  z.object({ event: z.literal('cleared'), time: z.iso.datetime() }),
]);
type QueueEvent = z.output<typeof eventSchema>;

/** A queued query, with its data from the database. */
export interface QueuedQuery extends Record<string, unknown> {
  readonly id: string;
  readonly prompt: string;
  readonly images: string[];
}

export interface LabelQueue {
  /** Queues the queries that show these images, in order. Images of sets that raters do not label have no queries. */
  add(imageIds: readonly string[]): Promise<{ readonly queries: number; readonly withoutQuery: number }>;
  /** The queue becomes empty. */
  clear(): Promise<void>;
  /**
   * Waiting queries in the order in which they were queued; with `rater`, only the queries that this rater can be
   * asked.
   */
  waiting(options?: { rater?: string; limit?: number }): Promise<QueuedQuery[]>;
  close(): Promise<void>;
}

/** Appends queries to the queue. From its next query on, a running studio asks the appended queries first. */
export async function appendToQueue(
  project: Project,
  queries: readonly string[],
  now: () => Date = () => new Date(),
): Promise<void> {
  const writer = createJsonLinesWriter(join(project.folder, LABEL_QUEUE_FILE), { fsync: true });
  const time = now().toISOString();
  await writer.append(queries.map((query) => ({ event: 'queued', time, query }) satisfies QueueEvent));
  await writer.close();
}

/** Opens the queue; other processes may append to the file at the same time. */
export function openLabelQueue(
  project: Project,
  { db, now = () => new Date() }: { db: Database; now?: () => Date },
): LabelQueue {
  const path = join(project.folder, LABEL_QUEUE_FILE);
  const writer = createJsonLinesWriter(path, { fsync: true });
  /** Queueing time by query. */
  const since = new Map<string, string>();
  const apply = (event: QueueEvent) => {
    if (event.event === 'cleared') since.clear();
    else {
      since.delete(event.query);
      since.set(event.query, event.time);
    }
  };
  let bytes = 0;
  /** Reads the file again if its size has changed. */
  const takeIn = () => {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size === bytes) return;
    const { records, wholeBytes } = readJsonLines(path, parseEvent);
    since.clear();
    records.forEach(apply);
    bytes = wholeBytes;
  };
  takeIn();

  const waiting: LabelQueue['waiting'] = async ({ rater, limit = 10_000 } = {}) => {
    takeIn();
    if (since.size === 0) return [];
    const queued = JSON.stringify([...since].map(([id, time], place) => ({ id, time, place })));
    const { rows } = await db.execute<QueuedQuery>(sql`
      select q.id, q.prompt, q.images
      from jsonb_to_recordset(${queued}::jsonb) as w(id text, time timestamptz, place int)
      join queries q on q.id = w.id
      where q.gold_since is null and not exists (
        select 1 from answers a where a.query = q.id and a.is_human and not a.is_skipped
          and a.retracted_at is null and a.answered_at >= w.time)
      ${
        rater === undefined
          ? sql``
          : sql`and not exists (
            select 1 from answers a where a.query = q.id and a.rater = ${rater} and a.retracted_at is null)
          and not exists (select 1 from leases l where l.query = q.id and l.expires_at > now())`
      }
      order by w.place limit ${limit}`);
    return rows;
  };

  return {
    waiting,
    async add(imageIds) {
      const { rows } = await db.execute<{ id: string; images: string[] }>(sql`
        select id, images from queries
        where images && array(select jsonb_array_elements_text(${JSON.stringify(imageIds)}::jsonb))`);
      const byImage = new Map(rows.flatMap(({ id, images }) => images.map((image) => [image, id] as const)));
      const wanted = [...new Set(imageIds.flatMap((image) => byImage.get(image) ?? []))];
      const already = new Set((await waiting()).map(({ id }) => id));
      const time = now().toISOString();
      await writer.append(
        wanted.filter((query) => !already.has(query)).map((query) => ({ event: 'queued', time, query }) as const),
      );
      return { queries: wanted.length, withoutQuery: imageIds.filter((image) => !byImage.has(image)).length };
    },
    clear: () => writer.append([{ event: 'cleared', time: now().toISOString() }]),
    close: () => writer.close(),
  };
}

function parseEvent(value: unknown): QueueEvent {
  const result = eventSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected an event of the queue, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
