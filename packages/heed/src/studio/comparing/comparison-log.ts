/**
 * comparisons.jsonl: the blind comparisons and people's answers. The file is append-only and the only store of this
 * data; everything else is computed from it.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { QUESTIONS } from '../../evaluate/evaluation.ts';
import { createJsonLinesWriter, type JsonLinesWriter, readJsonLines } from '../../files/json-lines.ts';
import type { Project } from '../../project/project.ts';

/** The possible answers to either question. */
export const PREFERENCES = ['left', 'right', 'tie'] as const;
export type Preference = (typeof PREFERENCES)[number];

const name = z.string().min(1).max(200);
const preference = z.enum(PREFERENCES);
const imageIds = z.array(z.string().regex(/^[0-9a-f]{16}$/)).min(1);
const side = z.object({ model: z.string(), modelHash: z.string() });

/** The image sets of two models for one prompt. Pages import this type, so it does not use zod's types. */
export interface ComparedQuery {
  id: string;
  prompt: string;
  category: string;
  seen: boolean;
  /** The models of both sets, as indices into the comparison's `models`. */
  pair: [number, number];
  /** Ids in the image store; the n-th image of both has the same seed. */
  treated: string[];
  baseline: string[];
}

const querySchema: z.ZodType<ComparedQuery> = z.object({
  id: name,
  prompt: z.string(),
  category: z.string(),
  seen: z.boolean(),
  pair: z.tuple([z.int().min(0), z.int().min(0)]),
  treated: imageIds,
  baseline: imageIds,
});

/** Schema of older files, which had only comparisons of two models. */
const earlierStartedSchema = z.looseObject({ event: z.literal('started'), treated: side, baseline: side });

const startedSchema = z.object({
  event: z.literal('started'),
  id: name,
  time: z.iso.datetime(),
  /** Models; with two, the second is the baseline. */
  models: z.array(side).min(2),
  /** Number of people who answer each query, at the start. */
  raters: z.int().positive(),
  /** Seed of the coin that decides the sides. */
  seed: z.int(),
  queries: z.array(querySchema).min(1),
});

/** A change of the number of people who answer each query. */
const ratersChangedSchema = z.object({
  event: z.literal('raters-changed'),
  time: z.iso.datetime(),
  comparison: name,
  raters: z.int().positive(),
});

const answeredSchema = z.object({
  event: z.literal('answered'),
  /** Id of the answer, chosen by the page and the same for every retry. */
  id: name,
  time: z.iso.datetime(),
  comparison: name,
  query: name,
  rater: name,
  /** Whether the treated model's images were on the left. */
  treatedIsLeft: z.boolean(),
  ...(Object.fromEntries(QUESTIONS.map((question) => [question, preference])) as Record<
    (typeof QUESTIONS)[number],
    typeof preference
  >),
  seconds: z.number().min(0).optional(),
});

/** The rater took an answer back. The retracted answer no longer counts, and the rater may answer the query again. */
const retractedSchema = z.object({ event: z.literal('retracted'), time: z.iso.datetime(), answer: name, rater: name });

const endedSchema = z.object({ event: z.literal('ended'), time: z.iso.datetime(), comparison: name });

const eventSchema = z.discriminatedUnion('event', [
  startedSchema,
  answeredSchema,
  retractedSchema,
  ratersChangedSchema,
  endedSchema,
]);

/** One line of comparisons.jsonl. */
export type ComparisonEvent = z.output<typeof eventSchema>;
/** The models' images by prompt, at the time when the comparison was started. */
export type StartedComparison = z.output<typeof startedSchema>;
export type ComparisonAnswer = z.output<typeof answeredSchema>;

/** Reads all events in order. An incomplete last line is ignored; other damage throws with its line. */
export function readComparisonEvents(project: Project): ComparisonEvent[] {
  return readJsonLines(comparisonsPath(project), parseComparisonEvent).records;
}

/** Appends and flushes. */
export function openComparisonWriter(project: Project): JsonLinesWriter {
  return createJsonLinesWriter(comparisonsPath(project), { fsync: true, sums: true });
}

/** Path of a project's comparisons. */
export function comparisonsPath(project: Project): string {
  return join(project.folder, 'comparisons.jsonl');
}

/** Checks one line of comparisons.jsonl; throws an `InputError` whose message does not name the file. */
export function parseComparisonEvent(value: unknown): ComparisonEvent {
  const result = eventSchema.safeParse(upgraded(value));
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') || 'the whole line';
  throw new InputError(`expected an event of a comparison, got a bad value in ${field}`);
}

/** Converts a started event of two models from the format without `models`. Other events are returned unchanged. */
function upgraded(value: unknown): unknown {
  const earlier = earlierStartedSchema.safeParse(value);
  if (!earlier.success) return value;
  const { treated, baseline, queries, ...rest } = earlier.data;
  const paired = Array.isArray(queries) ? queries.map((query: object) => ({ ...query, pair: [0, 1] })) : queries;
  return { ...rest, models: [treated, baseline], queries: paired };
}
