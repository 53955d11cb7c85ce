/** Reads and writes tries.jsonl: the prompts that were tried, and their pictures. Append-only. */
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
  /** Number of pictures of each model that are shown. */
  count: z.int().min(1),
  /** Ids of the pictures by model; the n-th picture of each model has the same noise. */
  drawn: z.array(z.object({ model: z.string(), images: z.array(imageId) })).min(1),
  /** Rewards of the first model's candidates. */
  best: z.object({ reward: z.string(), scores: z.array(z.number()).min(1) }).exactOptional(),
});

/** One line of tries.jsonl. */
export type TryRecord = z.output<typeof recordSchema>;

/** Reads all tries in the order in which they were drawn. */
export function readTries(project: Project): TryRecord[] {
  return readJsonLines(triesPath(project), parseTry).records;
}

/** Appends one try and flushes it. */
export async function appendTry(project: Project, record: TryRecord): Promise<void> {
  const writer = createJsonLinesWriter(triesPath(project), { fsync: true, sums: true });
  try {
    await writer.append([recordSchema.parse(record)]);
  } finally {
    await writer.close();
  }
}

/** Path of a project's file of tries. */
export function triesPath(project: Project): string {
  return join(project.folder, 'tries.jsonl');
}

/** Checks one line of tries.jsonl; throws an `InputError` whose message does not name the file. */
export function parseTry(value: unknown): TryRecord {
  const result = recordSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected what was tried, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
