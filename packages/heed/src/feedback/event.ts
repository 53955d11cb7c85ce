/** One judgement: who said what of which image of which model, and when. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../errors.ts';

export const LABELS = ['good', 'bad', 'skip'] as const;
export type Label = (typeof LABELS)[number];

/** In place of a label: the rater takes back what they said of the image; as if they had never been asked. */
export const RETRACTED = 'retracted';

/**
 * What a rater was asked for. Only feedback and preferences teach: practice answers were followed by the right one,
 * gold answers measure the rater by what is known, repeats by the rater's own earlier answer. A key is what is known:
 * the right answer itself, with its reason. A preference is about the images of its query alone: the better ones are
 * 'good', the others 'bad', and where all are 'good' none is better.
 */
export const PURPOSES = ['feedback', 'practice', 'gold', 'repeat', 'key', 'preference'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The longest time an answer may say it took: a day. */
export const MAX_ANSWER_SECONDS = 86_400;

/** One line of feedback.jsonl. */
export interface FeedbackEvent {
  /** Decided by query, rater and image for machine-made events; appending the same id twice keeps the first. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly rater: string;
  readonly raterKind: 'human' | 'simulated';
  /** The images that were shown together. */
  readonly query: string;
  /** Id in the image store. */
  readonly image: string;
  readonly prompt: string;
  readonly model: string;
  readonly label: Label | typeof RETRACTED;
  readonly reason?: string;
  /** What was submitted at once: all events of one answer to a query share it, and so does its retraction. */
  readonly answer?: string;
  /** From when the images were all shown to the answer. */
  readonly seconds?: number;
  /** Absent for feedback. */
  readonly purpose?: Exclude<Purpose, 'feedback'>;
  /** Of a repeat: the query that was asked again. `query` is then the name under which it was. */
  readonly repeatOf?: string;
  /** The answer came sooner than anybody can look (`label.minAnswerMs`), as the server measured it. */
  readonly tooFast?: true;
}

const eventSchema = z.object({
  id: z.string().min(1).max(200),
  time: z.iso.datetime(),
  rater: z.string().min(1).max(200),
  raterKind: z.enum(['human', 'simulated']),
  query: z.string().min(1).max(200),
  image: z.string().regex(/^[0-9a-f]{16}$/),
  prompt: z.string().min(1).max(10_000),
  model: z.string().min(1).max(200),
  label: z.enum([...LABELS, RETRACTED]),
  reason: z.string().max(2000).optional(),
  answer: z.string().min(1).max(200).optional(),
  seconds: z.number().min(0).optional(),
  purpose: z.enum(PURPOSES).exclude(['feedback']).optional(),
  repeatOf: z.string().min(1).max(200).optional(),
  tooFast: z.literal(true).optional(),
});

/** What the event's rater was asked for. */
export function purposeOf({ purpose }: Pick<FeedbackEvent, 'purpose'>): Purpose {
  return purpose ?? 'feedback';
}

/** Checks one event; throws "expected ..." with the name of the first bad field. */
export function parseFeedbackEvent(value: unknown): FeedbackEvent {
  const result = eventSchema.safeParse(value);
  if (result.success) return result.data as FeedbackEvent;
  const field = result.error.issues[0]?.path.join('.') || 'the whole line';
  throw new InputError(`expected a feedback event, got a bad value in ${field}`);
}

/** The same query, rater and image always give the same id, so that a repeated run adds nothing. */
export function eventId(facts: { query: string; rater: string; image: string }): string {
  return hash('event', facts.query, facts.rater, facts.image);
}

/**
 * The id of a rater's next event on the same image of the same query, where `earlier` events are in the log already.
 */
export function revisedEventId(facts: { query: string; rater: string; image: string }, earlier: number): string {
  return `${eventId(facts)}${earlier === 0 ? '' : `-${earlier + 1}`}`;
}

/** The id of a query: its prompt and its images, in whatever order they are shown. */
export function queryId(prompt: string, imageIds: readonly string[]): string {
  return hash('query', prompt, ...[...imageIds].sort());
}

function hash(...facts: string[]): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 20);
}
