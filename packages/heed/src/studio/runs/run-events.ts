/**
 * Reads and writes runs.jsonl, which records the runs that the owner archived, renamed or deleted, with the times. The
 * file is append-only.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../../files/json-lines.ts';
import type { Project } from '../../project/project.ts';

const eventSchema = z.object({
  time: z.iso.datetime(),
  run: z.string().min(1).max(100),
  event: z.enum(['archived', 'restored', 'renamed', 'deleted']),
  /** The new name, in an event 'renamed'. */
  to: z.string().max(100).optional(),
});

/** One line of runs.jsonl. */
export type RunEvent = z.output<typeof eventSchema>;

/** Names of the runs that are archived. */
export function archivedRuns(project: Project): Set<string> {
  const archived = new Set<string>();
  for (const { run, event, to } of readJsonLines(runEventsPath(project), parseRunEvent).records) {
    if (event === 'archived') archived.add(run);
    else if (event === 'renamed' && to !== undefined && archived.has(run)) archived.add(to);
    // A new run may take a name that is free again.
    if (event !== 'archived') archived.delete(run);
  }
  return archived;
}

/** Appends one event and flushes it. */
export async function appendRunEvent(project: Project, event: Omit<RunEvent, 'time'>): Promise<void> {
  const writer = createJsonLinesWriter(runEventsPath(project), { fsync: true, sums: true });
  try {
    await writer.append([eventSchema.parse({ time: new Date().toISOString(), ...event })]);
  } finally {
    await writer.close();
  }
}

/** Path of a project's file of run events. */
export function runEventsPath(project: Project): string {
  return join(project.folder, 'runs.jsonl');
}

/** Checks one line of runs.jsonl; throws an `InputError` whose message does not name the file. */
export function parseRunEvent(value: unknown): RunEvent {
  const result = eventSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected an event of a run, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
