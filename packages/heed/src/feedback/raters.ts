/**
 * raters.jsonl: who the raters are and whose answers are set aside. Append-only like the feedback; setting aside
 * deletes nothing and can be taken back.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../files/json-lines.ts';
import type { Project } from '../project/project.ts';
import { plainName } from '../text/plain-name.ts';

/** An id as recruiting platforms give them. */
export function platformId() {
  return z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'expected 1 to 64 letters, digits or _ . : -');
}

const eventSchema = z.object({
  time: z.iso.datetime(),
  rater: z.string().min(1).max(200),
  event: z.enum(['joined', 'set-aside', 'taken-back']),
  /** What the rater calls themselves. */
  name: z.string().max(200).optional(),
  /** What a recruiting platform calls the rater, the study and the visit: needed to find them again and to pay them. */
  participant: platformId().optional(),
  study: platformId().optional(),
  session: platformId().optional(),
  /** Id of the invite that the rater came by. */
  invite: z.string().max(100).optional(),
});

/** One line of raters.jsonl. */
export type RaterEvent = z.output<typeof eventSchema>;

export interface RaterRecord {
  readonly id: string;
  readonly name?: string;
  /** Of those who came from a recruiting platform. */
  readonly participant?: string;
  /** Of the visit in which they joined: a platform's, or one that the page chose. */
  readonly session?: string;
  /** Id of the invite that they came by. */
  readonly invite?: string;
  /** Their answers are kept, and left out of what rewards learn from. */
  readonly isSetAside: boolean;
}

/** All raters that the file names, by id. It leaves out raters who appear in the feedback alone. */
export function readRaters(project: Project): Map<string, RaterRecord> {
  const raters = new Map<string, RaterRecord>();
  for (const { rater, event, name, participant, session, invite } of readJsonLines(ratersPath(project), parseRaterEvent)
    .records) {
    const earlier = raters.get(rater) ?? { id: rater, isSetAside: false };
    raters.set(rater, {
      ...earlier,
      ...(name === undefined ? {} : { name: plainName(name) }),
      ...(participant === undefined ? {} : { participant }),
      ...(session === undefined ? {} : { session }),
      ...(invite === undefined ? {} : { invite }),
      isSetAside: event === 'joined' ? earlier.isSetAside : event === 'set-aside',
    });
  }
  return raters;
}

/** Appends one event and flushes it. */
export async function appendRaterEvent(project: Project, event: RaterEvent): Promise<void> {
  const writer = createJsonLinesWriter(ratersPath(project), { fsync: true, sums: true });
  try {
    await writer.append([eventSchema.parse(event)]);
  } finally {
    await writer.close();
  }
}

/** Where a project keeps its raters. */
export function ratersPath(project: Project): string {
  return join(project.folder, 'raters.jsonl');
}

/** Checks one line of raters.jsonl; throws an `InputError` without a subject. */
export function parseRaterEvent(value: unknown): RaterEvent {
  const result = eventSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected an event of a rater, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
