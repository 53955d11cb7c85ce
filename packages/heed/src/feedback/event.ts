/** One judgement: a rater's label of an image, with the time and with the model that made the image. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../errors.ts';

export const LABELS = ['good', 'bad', 'skip'] as const;
export type Label = (typeof LABELS)[number];

/**
 * The value that replaces a label when the rater takes back their judgement of the image, as if the rater was never
 * asked.
 */
export const RETRACTED = 'retracted';

/**
 * The purpose for which a rater was asked. Models learn only from feedback and preferences. After a practice answer,
 * the rater is shown the right answer. Gold answers measure the rater against known answers, and repeats against the
 * rater's own earlier answer. An event with the purpose 'key' is itself a known answer, with the reason for the answer.
 * A preference concerns only the images of its query: the better ones are 'good' and the others 'bad'. A preference in
 * which all images are 'good' is a tie.
 */
export const PURPOSES = ['feedback', 'practice', 'gold', 'repeat', 'key', 'preference'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The longest answer time that is accepted: a day. */
export const MAX_ANSWER_SECONDS = 86_400;

/** One line of feedback.jsonl. */
export interface FeedbackEvent {
  /**
   * Id of the event. The id of a machine-made event is computed from query, rater and image. A second event with the
   * same id is ignored.
   */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly rater: string;
  readonly raterKind: 'human' | 'simulated';
  /** The id of the query, which consists of the images that the rater was shown together. */
  readonly query: string;
  /** Id in the image store. */
  readonly image: string;
  readonly prompt: string;
  readonly model: string;
  readonly label: Label | typeof RETRACTED;
  readonly reason?: string;
  /** Id of the submission: all events of one answer to a query, and the retraction of that answer, have the same id. */
  readonly answer?: string;
  /** Seconds from the display of all images to the answer. */
  readonly seconds?: number;
  /** Absent for feedback. */
  readonly purpose?: Exclude<Purpose, 'feedback'>;
  /** For a repeat, the query that was asked again. The field `query` then contains the id of the repeat itself. */
  readonly repeatOf?: string;
  /** Whether the answer took less than `label.minAnswerMs`, the least time for looking, as measured by the server. */
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

/** The purpose of the event. */
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

/**
 * Makes the id of a machine-made event. The same query, rater and image always give the same id, so that a repeated run
 * adds nothing.
 */
export function eventId(facts: { query: string; rater: string; image: string }): string {
  return hash('event', facts.query, facts.rater, facts.image);
}

/**
 * The id of a rater's next event on the same image of the same query. `earlier` is the number of this rater's events in
 * the log on this image of this query.
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
