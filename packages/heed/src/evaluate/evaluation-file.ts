/**
 * Reads an evaluation's file in its run's folder and checks it. The module is separate from run.ts so that readers load
 * no networks.
 */
import { findCheckedJson, readCheckedJson } from '@heed/diffusion/checked-json';
import { z } from 'zod';
import { intervalSchema } from '../statistics/interval.ts';
import type { Evaluation, Outcome, Question } from './evaluation.ts';
import { upgradeEvaluation } from './upgrade-evaluation.ts';

export const EVALUATION_FILE = 'evaluation.json';

// Loose, so that fields of later versions pass through.
const byOutcome = <T extends z.ZodType>(of: T) =>
  z.looseObject({ win: of, tie: of, lose: of } satisfies Record<Outcome, T>);
const byQuestion = <T extends z.ZodType>(of: T) =>
  z.looseObject({ alignment: of, fidelity: of } satisfies Record<Question, T>);

const category = z.looseObject({
  ...intervalSchema.shape,
  seen: intervalSchema.exactOptional(),
  unseen: intervalSchema.exactOptional(),
});

const arm = z.looseObject({
  name: z.string(),
  label: z.string(),
  model: z.string(),
  modelHash: z.string(),
  images: z.number(),
  imageIds: z.array(z.array(z.string())),
  alignment: z.looseObject({ ...intervalSchema.shape, byCategory: z.record(z.string(), category) }).exactOptional(),
  perAttribute: z.record(z.string(), intervalSchema).exactOptional(),
  reward: intervalSchema.exactOptional(),
  fidelity: z
    .looseObject({
      frechet: z.number(),
      cmmd: z.number(),
      intervals: z.looseObject({ frechet: intervalSchema, cmmd: intervalSchema }).exactOptional(),
    })
    .exactOptional(),
});

const votes = z.looseObject({
  votes: byOutcome(z.number()),
  agreed: byOutcome(z.number()),
  histogram: byOutcome(z.array(z.number())),
  cells: z.array(
    z.looseObject({
      category: z.string(),
      seen: z.boolean(),
      queries: z.number(),
      shares: byOutcome(z.looseObject({ mean: z.number(), deviation: z.number() })),
    }),
  ),
});

const comparison = z.looseObject({
  treated: z.string(),
  baseline: z.string(),
  queries: z.number(),
  raters: z.number(),
  agreement: z.number(),
  setSize: z.number(),
  answers: byQuestion(votes),
});

const galleryItem = z.looseObject({
  prompt: z.string(),
  category: z.string(),
  seen: z.boolean(),
  seed: z.number(),
  images: z.record(z.string(), z.looseObject({ image: z.string(), correct: z.boolean().exactOptional() })),
});

const settings = z.looseObject({
  seed: z.number(),
  prompts: z.number(),
  imagesPerPrompt: z.number(),
  bestOf: z.number(),
  raters: z.number(),
  fidelityImages: z.number(),
  sampler: z.string(),
  steps: z.number(),
  guidanceScale: z.number(),
});

const difference = z.looseObject({ treated: z.string(), baseline: z.string(), interval: intervalSchema });

const figure = z.looseObject({
  id: z.string(),
  label: z.string(),
  judge: z.string(),
  unit: z.enum(['share', 'number']),
  arms: z.record(
    z.string(),
    z.looseObject({ ...intervalSchema.shape, count: z.number(), byCategory: z.record(z.string(), intervalSchema) }),
  ),
  differences: z.array(difference),
});

const evaluationSchema: z.ZodType<Evaluation> = z.looseObject({
  version: z.literal(2),
  run: z.string(),
  time: z.string(),
  settings,
  world: z.string(),
  prompts: z.array(z.looseObject({ text: z.string(), category: z.string(), holdout: z.boolean() })),
  arms: z.array(arm),
  figures: z.array(figure),
  differences: z.array(difference),
  comparisons: z.array(comparison),
  gallery: z.array(galleryItem),
  others: z.array(galleryItem),
  notes: z.array(z.string()),
});

const CHECKED = {
  what: 'the result of a finished evaluation',
  schema: z.preprocess(upgradeEvaluation, evaluationSchema),
};

/** Like `readEvaluation`, but returns undefined for a missing file, as when the evaluation is not finished. */
export function findEvaluation(path: string): Promise<Evaluation | undefined> {
  return findCheckedJson(path, CHECKED);
}

/** Reads `runs/<id>/evaluation.json`. Throws an `InputError` with the path when the file is missing or damaged. */
export function readEvaluation(path: string): Promise<Evaluation> {
  return readCheckedJson(path, CHECKED);
}
