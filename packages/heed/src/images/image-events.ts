/**
 * Reads and writes events.jsonl in the folder of images. The file records which images the owner set aside, deleted or
 * restored, and which image files were removed. The file is append-only. Lists of images omit an image that was set
 * aside or deleted, but the image's record stays.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput, InputError } from '../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../files/json-lines.ts';

/** File name in the store's folder. */
export const IMAGE_EVENTS_FILE = 'events.jsonl';

/** An image's state after its last event. An image without events has the state 'stands'. */
export const IMAGE_STATES = {
  'set-aside': 'set-aside',
  deleted: 'deleted',
  removed: 'removed',
  'taken-back': 'stands',
} as const;
type ImageEventName = keyof typeof IMAGE_STATES;
/** 'removed' means that the image is deleted and its file is gone. */
export type ImageState = (typeof IMAGE_STATES)[ImageEventName];

const eventSchema = z.object({
  time: z.iso.datetime(),
  image: z.string().regex(/^[0-9a-f]{16}$/),
  event: z.enum(Object.keys(IMAGE_STATES) as [ImageEventName, ...ImageEventName[]]),
  /** Rater id of the person who made the change. */
  by: z.string().min(1).max(200),
  why: z.string().max(500).optional(),
});

/** One line of events.jsonl. */
export type ImageEvent = z.output<typeof eventSchema>;

/** All events in order. */
export function readImageEvents(folder: string): ImageEvent[] {
  return readJsonLines(join(folder, IMAGE_EVENTS_FILE), parseImageEvent).records;
}

/** States of set-aside, deleted and removed images, by id. */
export function imageStates(folder: string): Map<string, Exclude<ImageState, 'stands'>> {
  const states = new Map<string, Exclude<ImageState, 'stands'>>();
  for (const { image, event } of readImageEvents(folder)) {
    const state = IMAGE_STATES[event];
    if (state === 'stands') states.delete(image);
    else states.set(image, state);
  }
  return states;
}

/**
 * Appends one event to events.jsonl and flushes the file to disk. After a 'removed' event, the image's file is deleted.
 * Throws when that file is already gone.
 */
export async function recordImageEvent(
  folder: string,
  { file, ...event }: Omit<ImageEvent, 'time'> & { readonly file: string },
): Promise<void> {
  if (imageStates(folder).get(event.image) === 'removed') {
    throw badInput(`expected an image whose file is there, that of ${event.image} was removed`);
  }
  const writer = createJsonLinesWriter(join(folder, IMAGE_EVENTS_FILE), { fsync: true, sums: true });
  try {
    await writer.append([eventSchema.parse({ time: new Date().toISOString(), ...event })]);
  } finally {
    await writer.close();
  }
  if (event.event === 'removed') await rm(join(folder, file), { force: true });
}

/**
 * Checks one line of events.jsonl. For a bad line, throws an `InputError` without file and line number, which the
 * caller adds.
 */
export function parseImageEvent(value: unknown): ImageEvent {
  const result = eventSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected an event of an image, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
