/** What is known of one image: the recipe that it was made by, and where it lies. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import type { Facts } from '../ports.ts';
import { CUSTOM_CATEGORY } from '../prompts/prompt.ts';
import { PURPOSES, type Purpose } from './purpose.ts';

/** In place of model, hash and sampler of an image of unknown origin. */
export const IMPORTED = 'imported';

/** Where an image came from that heed did not draw. */
export interface ImageSource {
  /** The name that its owner's list had for it. */
  readonly file: string;
  /** Of the file's bytes. */
  readonly sha256: string;
  /** When it was imported, ISO 8601. */
  readonly time: string;
}

/** Everything that decides an image's pixels, and what the image is for. */
export interface ImageRecipe {
  readonly prompt: string;
  readonly category: string;
  /** True where the prompt's list keeps it for evaluation. */
  readonly holdout: boolean;
  readonly facts?: Facts | undefined;
  readonly seed: number;
  /** The model's name in the project; `modelHash` is what counts. */
  readonly model: string;
  readonly modelHash: string;
  readonly sampler: string;
  readonly steps: number;
  readonly guidanceScale: number;
  /** 'train', 'eval' or another name; only a name. */
  readonly set: string;
  readonly purpose: Purpose;
  /** Of an imported image; its seed, steps and guidance are unknown and stand as 0. */
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
  // A path that could lead out of the folder is damage or malice.
  file: z.string().regex(/^[0-9a-f]{2}\/[0-9a-f]{16}\.png$/),
  width: z.int().positive(),
  height: z.int().positive(),
  prompt: z.string(),
  category: z.string().min(1),
  holdout: z.boolean().optional(),
  facts: factsSchema.optional(),
  // As records said it before they had holdout, facts and purpose.
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

/** The sets that `heed evaluate` drew while records had no purpose. These names stay what they were. */
const FORMER_MEASURING_SETS = ['eval', 'fidelity'];

/**
 * A record of any version as it is written today. `seen` was guessed from words in the prompt, so it keeps no image
 * from being learned from. Of images that measure it still tells the paper's prompts with unseen objects from the
 * others.
 */
function current({ seen, attributes, ...record }: z.output<typeof recordSchema>): ImageRecord {
  const { id, file, width, height, prompt, facts = attributes, set, category, source, ...sampling } = record;
  const { purpose = FORMER_MEASURING_SETS.includes(set) ? 'measure' : 'learn' } = record;
  const wasUnseen = seen === false && purpose === 'measure' && category !== CUSTOM_CATEGORY;
  const { seed, model, modelHash, sampler, steps, guidanceScale } = sampling;
  // In the order in which new records are written, so that a record that is written again keeps its bytes.
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

/** Equal for equal pixels: what the model was asked, not what for; of an imported image, its file. */
export function pixelKey({ prompt, seed, modelHash, sampler, steps, guidanceScale, source }: ImageRecipe): string {
  const drawn = [prompt, seed, modelHash, sampler, steps, guidanceScale];
  const facts = JSON.stringify(source === undefined ? drawn : [...drawn, source.sha256]);
  return createHash('sha256').update(facts).digest('base64');
}
