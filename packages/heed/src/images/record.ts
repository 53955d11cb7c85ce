/** The record of one image: its recipe and the place of its file. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import type { Facts } from '../ports.ts';
import { CUSTOM_CATEGORY } from '../prompts/prompt.ts';
import { PURPOSES, type Purpose } from './purpose.ts';

/** Value of the fields `model`, `modelHash` and `sampler` of an imported image where the true value is unknown. */
export const IMPORTED = 'imported';

/** The origin of an image that heed did not generate. */
export interface ImageSource {
  /** The file name in the imported list. */
  readonly file: string;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
  /** Time of the import, ISO 8601. */
  readonly time: string;
}

/** All settings that determine an image's pixels, and the image's purpose. */
export interface ImageRecipe {
  readonly prompt: string;
  readonly category: string;
  /** Whether the prompt is held out for evaluation. */
  readonly holdout: boolean;
  readonly facts?: Facts | undefined;
  readonly seed: number;
  /** The model's name in the project. `modelHash`, not the name, identifies the model. */
  readonly model: string;
  readonly modelHash: string;
  readonly sampler: string;
  readonly steps: number;
  readonly guidanceScale: number;
  /** Name of the image set: 'train', 'eval' or another name. */
  readonly set: string;
  readonly purpose: Purpose;
  /**
   * Origin of an imported image, whose seed, steps and guidance are unknown and recorded as 0; undefined for a
   * generated image.
   */
  readonly source?: ImageSource;
}

/** An image of the store. */
export interface ImageRecord extends ImageRecipe {
  /** First 16 hex digits of a SHA-256 over pixels and recipe: see `imageId`. */
  readonly id: string;
  /** Path of the PNG inside the store's folder. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
}

const factsSchema = z.record(z.string(), z.union([z.string(), z.number()]));

const recordSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  // A path that leads out of the folder means damage or an attack.
  file: z.string().regex(/^[0-9a-f]{2}\/[0-9a-f]{16}\.png$/),
  width: z.int().positive(),
  height: z.int().positive(),
  prompt: z.string(),
  category: z.string().min(1),
  holdout: z.boolean().optional(),
  facts: factsSchema.optional(),
  // Older records have `seen` instead of holdout, facts and purpose.
  seen: z.boolean().optional(),
  attributes: factsSchema.optional(),
  seed: z.int(),
  model: z.string(),
  modelHash: z.string(),
  sampler: z.string(),
  steps: z.int().nonnegative(),
  guidanceScale: z.number(),
  set: z.string(),
  purpose: z.enum(PURPOSES).optional(),
  source: z.object({ file: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/), time: z.iso.datetime() }).optional(),
});

/** Checks one line of index.jsonl; throws "expected ..." with the name of the first bad field. */
export function parseImageRecord(value: unknown): ImageRecord {
  const result = recordSchema.safeParse(value);
  if (result.success) return current(result.data);
  const field = result.error.issues[0]?.path.join('.') || 'the whole line';
  throw new InputError(`expected an image record, got a bad value in ${field}`);
}

/**
 * Names of the image sets of `heed evaluate`. An old record without a purpose gets the purpose 'measure' if its set is
 * one of these. Never change these names.
 */
const FORMER_MEASURING_SETS = ['eval', 'fidelity'];

/**
 * Converts a record of any version to today's form. The old field `seen` was guessed from words in the prompt, so
 * `seen` does not decide which prompts are held out. In records with the purpose 'measure', `seen` still separates the
 * paper's prompts with unseen objects from the other prompts.
 */
function current({ seen, attributes, ...record }: z.output<typeof recordSchema>): ImageRecord {
  const { id, file, width, height, prompt, facts = attributes, set, category, source, ...sampling } = record;
  const { purpose = FORMER_MEASURING_SETS.includes(set) ? 'measure' : 'learn' } = record;
  const wasUnseen = seen === false && purpose === 'measure' && category !== CUSTOM_CATEGORY;
  const { seed, model, modelHash, sampler, steps, guidanceScale } = sampling;
  // The key order of new records, so that a rewritten record keeps its bytes.
  return {
    id,
    file,
    width,
    height,
    prompt,
    category,
    holdout: record.holdout ?? wasUnseen,
    ...(facts === undefined ? {} : { facts }),
    seed,
    model,
    modelHash,
    sampler,
    steps,
    guidanceScale,
    set,
    purpose,
    ...(source === undefined ? {} : { source }),
  };
}

/**
 * A key that is equal for equal pixels. The key covers the model's inputs but not the purpose; for an imported image,
 * the key covers the original file.
 */
export function pixelKey({ prompt, seed, modelHash, sampler, steps, guidanceScale, source }: ImageRecipe): string {
  const drawn = [prompt, seed, modelHash, sampler, steps, guidanceScale];
  const facts = JSON.stringify(source === undefined ? drawn : [...drawn, source.sha256]);
  return createHash('sha256').update(facts).digest('base64');
}
