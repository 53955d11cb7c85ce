/**
 * Reads and writes tries.jsonl: the prompts that people tried out with `heed try` or on the page for trying models, and
 * the generated images. Append-only.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../files/json-lines.ts';
import type { Project } from '../project/project.ts';

const imageId = z.string().regex(/^[0-9a-f]{16}$/);
const recordSchema = z.object({
  id: z.string().min(1).max(100),
  time: z.iso.datetime(),
  prompt: z.string().min(1).max(10_000),
  /** Number of images shown for each model. */
  count: z.int().min(1),
  /** Image ids by model; the n-th images of all models start from the same noise. */
  drawn: z.array(z.object({ model: z.string(), images: z.array(imageId) })).min(1),
  /** The name of the reward model, and its scores for the first images of the first model. */
  best: z.object({ reward: z.string(), scores: z.array(z.number()).min(1) }).exactOptional(),
});

/** One line of tries.jsonl. */
export type TryRecord = z.output<typeof recordSchema>;

/** Reads all records of tries.jsonl, the oldest first. */
export function readTries(project: Project): TryRecord[] {
  return readJsonLines(triesPath(project), parseTry).records;
}

/** Appends one record to tries.jsonl and flushes it to disk. */
export async function appendTry(project: Project, record: TryRecord): Promise<void> {
  const writer = createJsonLinesWriter(triesPath(project), { fsync: true, sums: true });
  try {
    await writer.append([recordSchema.parse(record)]);
  } finally {
    await writer.close();
  }
}

/** Path of the project's tries.jsonl. */
export function triesPath(project: Project): string {
  return join(project.folder, 'tries.jsonl');
}

/** Checks one line of tries.jsonl; throws an `InputError` whose message does not name the file. */
export function parseTry(value: unknown): TryRecord {
  const result = recordSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected what was tried, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
