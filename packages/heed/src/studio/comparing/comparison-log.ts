/**
 * comparisons.jsonl: the blind comparisons that people are asked for and what they answered. Append-only and the only
 * place where this is kept; everything else is computed from it.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { QUESTIONS } from '../../evaluate/evaluation.ts';
import { createJsonLinesWriter, type JsonLinesWriter, readJsonLines } from '../../files/json-lines.ts';
import type { Project } from '../../project/project.ts';

/** What a rater can say to either question. */
export const PREFERENCES = ['left', 'right', 'tie'] as const;
export type Preference = (typeof PREFERENCES)[number];

const name = z.string().min(1).max(200);
const preference = z.enum(PREFERENCES);
const imageIds = z.array(z.string().regex(/^[0-9a-f]{16}$/)).min(1);
const side = z.object({ model: z.string(), modelHash: z.string() });

/** The image sets of two models for one prompt. Pages receive it, so it is written without zod's types. */
export interface ComparedQuery {
  id: string;
  prompt: string;
  category: string;
  seen: boolean;
  /** The models of both sets, as places in the comparison's `models`. */
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

/** How comparisons of two models stood in the file before there were others. */
const earlierStartedSchema = z.looseObject({ event: z.literal('started'), treated: side, baseline: side });

const startedSchema = z.object({
  event: z.literal('started'),
  id: name,
  time: z.iso.datetime(),
  /** Of two, the second is what the first is compared with. */
  models: z.array(side).min(2),
  /** How many people answer each query, at the start. */
  raters: z.int().positive(),
  /** Of the coin that decides the sides. */
  seed: z.int(),
  queries: z.array(querySchema).min(1),
});

/** From now on, so many people answer each query. */
const ratersChangedSchema = z.object({
  event: z.literal('raters-changed'),
  time: z.iso.datetime(),
  comparison: name,
  raters: z.int().positive(),
});

const answeredSchema = z.object({
  event: z.literal('answered'),
  /** Chosen by the page; the same for every retry. */
  id: name,
  time: z.iso.datetime(),
  comparison: name,
  query: name,
  rater: name,
  /** How the coin fell. */
  treatedIsLeft: z.boolean(),
  ...(Object.fromEntries(QUESTIONS.map((question) => [question, preference])) as Record<
    (typeof QUESTIONS)[number],
    typeof preference
  >),
  seconds: z.number().min(0).optional(),
});

/** The rater took an answer back; it counts no more, and the query may be answered again. */
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
/** The models' images, prompt by prompt, as they were when the comparison was started. */
export type StartedComparison = z.output<typeof startedSchema>;
export type ComparisonAnswer = z.output<typeof answeredSchema>;

/** All events in order; damage other than a torn last line throws with its line. */
export function readComparisonEvents(project: Project): ComparisonEvent[] {
  return readJsonLines(comparisonsPath(project), parseComparisonEvent).records;
}

/** Appends and flushes. */
export function openComparisonWriter(project: Project): JsonLinesWriter {
  return createJsonLinesWriter(comparisonsPath(project), { fsync: true, sums: true });
}

/** Where a project keeps its comparisons. */
export function comparisonsPath(project: Project): string {
  return join(project.folder, 'comparisons.jsonl');
}

/** Checks one line of comparisons.jsonl; throws an `InputError` without a subject. */
export function parseComparisonEvent(value: unknown): ComparisonEvent {
  const result = eventSchema.safeParse(upgraded(value));
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') || 'the whole line';
  throw new InputError(`expected an event of a comparison, got a bad value in ${field}`);
}

/** A started event of two models as it was written before `models`; everything else as it is. */
function upgraded(value: unknown): unknown {
  const earlier = earlierStartedSchema.safeParse(value);
  if (!earlier.success) return value;
  const { treated, baseline, queries, ...rest } = earlier.data;
  const paired = Array.isArray(queries) ? queries.map((query: object) => ({ ...query, pair: [0, 1] })) : queries;
  return { ...rest, models: [treated, baseline], queries: paired };
}
