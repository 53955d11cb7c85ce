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

/** The possible answers to each of the two questions (text alignment and fidelity). */
export const PREFERENCES = ['left', 'right', 'tie'] as const;
export type Preference = (typeof PREFERENCES)[number];

const name = z.string().min(1).max(200);
const preference = z.enum(PREFERENCES);
const imageIds = z.array(z.string().regex(/^[0-9a-f]{16}$/)).min(1);
const side = z.object({ model: z.string(), modelHash: z.string() });

/**
 * The image sets of two models for one prompt. The code of the web pages imports this type, so the type is declared
 * without zod.
 */
export interface ComparedQuery {
  id: string;
  prompt: string;
  category: string;
  seen: boolean;
  /** The two models that made the image sets, as indices into the comparison's `models`. */
  pair: [number, number];
  /** Ids of the first model's images; the n-th image has the same seed as the n-th image in `baseline`. */
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

/** Schema of the 'started' event in older files, which had only comparisons of two models. */
const earlierStartedSchema = z.looseObject({ event: z.literal('started'), treated: side, baseline: side });

const startedSchema = z.object({
  event: z.literal('started'),
  id: name,
  time: z.iso.datetime(),
  /** The compared models; if there are two, the second is the baseline. */
  models: z.array(side).min(2),
  /** Number of people who answer each query, as set when the comparison was started. */
  raters: z.int().positive(),
  /** Seed of the coin toss that decides which model's images are on the left. */
  seed: z.int(),
  queries: z.array(querySchema).min(1),
});

/** The event that the owner changed the number of people who answer each query. */
const ratersChangedSchema = z.object({
  event: z.literal('raters-changed'),
  time: z.iso.datetime(),
  comparison: name,
  raters: z.int().positive(),
});

const answeredSchema = z.object({
  event: z.literal('answered'),
  /** Id of the answer; the page chooses the id and sends the same id with every retry. */
  id: name,
  time: z.iso.datetime(),
  comparison: name,
  query: name,
  rater: name,
  /** Whether the images of the treated model (the first of the query's pair) were on the left. */
  treatedIsLeft: z.boolean(),
  ...(Object.fromEntries(QUESTIONS.map((question) => [question, preference])) as Record<
    (typeof QUESTIONS)[number],
    typeof preference
  >),
  seconds: z.number().min(0).optional(),
});

/**
 * The event that a rater retracted an answer. Results leave the retracted answer out, and the rater may answer the
 * query again.
 */
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
/** The event that starts a comparison: its models, and the images that the models had at that time, by prompt. */
export type StartedComparison = z.output<typeof startedSchema>;
export type ComparisonAnswer = z.output<typeof answeredSchema>;

/**
 * Reads all events in order. An incomplete last line is ignored; any other damaged line throws an error with the line
 * number.
 */
export function readComparisonEvents(project: Project): ComparisonEvent[] {
  return readJsonLines(comparisonsPath(project), parseComparisonEvent).records;
}

/** Appends and flushes. */
export function openComparisonWriter(project: Project): JsonLinesWriter {
  return createJsonLinesWriter(comparisonsPath(project), { fsync: true, sums: true });
}

/** Path of a project's comparisons.jsonl. */
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

/**
 * Converts a 'started' event of the older format, which has `treated` and `baseline` instead of `models`. Other events
 * are returned unchanged.
 */
function upgraded(value: unknown): unknown {
  const earlier = earlierStartedSchema.safeParse(value);
  if (!earlier.success) return value;
  const { treated, baseline, queries, ...rest } = earlier.data;
  const paired = Array.isArray(queries) ? queries.map((query: object) => ({ ...query, pair: [0, 1] })) : queries;
  return { ...rest, models: [treated, baseline], queries: paired };
}
