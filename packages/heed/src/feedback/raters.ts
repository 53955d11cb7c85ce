/**
 * The file raters.jsonl records the raters, and which raters the owner excluded. raters.jsonl is append-only, like
 * feedback.jsonl. Excluding a rater deletes nothing and can be undone.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../files/json-lines.ts';
import type { Project } from '../project/project.ts';
import { plainName } from '../text/plain-name.ts';

/** Schema of an id from a recruiting platform. */
export function platformId() {
  return z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'expected 1 to 64 letters, digits or _ . : -');
}

const eventSchema = z.object({
  time: z.iso.datetime(),
  rater: z.string().min(1).max(200),
  event: z.enum(['joined', 'set-aside', 'taken-back']),
  /** The name that the rater entered. */
  name: z.string().max(200).optional(),
  /**
   * The ids that a recruiting platform gave to the rater, the study and the visit. The owner needs these ids to find
   * and pay the rater.
   */
  participant: platformId().optional(),
  study: platformId().optional(),
  session: platformId().optional(),
  /** Id of the invite with which the rater joined. */
  invite: z.string().max(100).optional(),
});

/** One line of raters.jsonl. */
export type RaterEvent = z.output<typeof eventSchema>;

export interface RaterRecord {
  readonly id: string;
  readonly name?: string;
  /** The id that the recruiting platform gave to the rater. */
  readonly participant?: string;
  /** Id of the visit in which the rater joined; the recruiting platform or the labelling page chose the id. */
  readonly session?: string;
  /** Id of the invite with which the rater joined. */
  readonly invite?: string;
  /**
   * Whether the owner excluded the rater. An excluded rater's answers are kept, but no reward is trained on these
   * answers.
   */
  readonly isSetAside: boolean;
}

/** Reads all raters in raters.jsonl, by id. Raters who appear only in feedback.jsonl are left out. */
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

/** Appends one event to raters.jsonl and flushes the file to disk. */
export async function appendRaterEvent(project: Project, event: RaterEvent): Promise<void> {
  const writer = createJsonLinesWriter(ratersPath(project), { fsync: true, sums: true });
  try {
    await writer.append([eventSchema.parse(event)]);
  } finally {
    await writer.close();
  }
}

/** Path of a project's raters file. */
export function ratersPath(project: Project): string {
  return join(project.folder, 'raters.jsonl');
}

/** Checks one line of raters.jsonl; throws an `InputError` whose message does not name the file. */
export function parseRaterEvent(value: unknown): RaterEvent {
  const result = eventSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected an event of a rater, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
