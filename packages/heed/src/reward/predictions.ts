/**
 * Reads and writes a trained reward's scores of single images; the scores are in a file beside the accuracy report. The
 * studio uses these scores for calibration and to suggest images worth a second look. `run.ts` trains the reward and
 * measures it on pairs.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { badInput } from '../errors.ts';
import type { ImageRecord } from '../images/index.ts';
import { type LabelledImage, mayLearnFrom, type RewardSplit } from './labelled-image.ts';

/**
 * Name of the file with one `RewardPrediction` per line. The file is in the reward's folder and in the folder of the
 * run that trained the reward.
 */
export const REWARD_PREDICTIONS_FILE = 'predictions.jsonl';

/** The largest number of unjudged images that are scored, since CLIP must embed each of them. */
const UNJUDGED_SCORED = 500;

/**
 * The part of the split that an image belongs to. Among the judged images, only 'test' images were used neither for
 * training nor for early stopping.
 */
export const PREDICTION_PARTS = ['training', 'validation', 'test', 'unjudged'] as const;

const predictionSchema = z.object({
  /** Id in the image store. */
  image: z.string(),
  part: z.enum(PREDICTION_PARTS),
  /** The reward r(x, z), in [0, 1], of the image for its own prompt. */
  reward: z.number(),
  /** Standard deviation over an ensemble's members; undefined for a single network. */
  spread: z.number().optional(),
  /** Cosine of the CLIP embeddings of the image and its prompt. */
  clip: z.number(),
  /** Mean of the judgements, 1 good and 0 bad; absent for 'unjudged'. */
  label: z.number().optional(),
  judgements: z.int(),
});

/** One line of predictions.jsonl. */
export type RewardPrediction = z.output<typeof predictionSchema>;

/**
 * Chooses unjudged images at random among those that may be learned from. At most as many images are chosen as were
 * judged, so that scoring costs no more than the embeddings for training.
 */
export function pickUnjudged(
  images: readonly ImageRecord[],
  options: { labelled: readonly LabelledImage[]; seed: number },
): ImageRecord[] {
  const { labelled, seed } = options;
  const judged = new Set(labelled.map(({ image }) => image.id));
  const open = new Map(images.filter((image) => mayLearnFrom(image) && !judged.has(image.id)).map((i) => [i.id, i]));
  const limit = Math.min(UNJUDGED_SCORED, labelled.length);
  return createRandom(seed)
    .fork('unjudged')
    .shuffle([...open.values()])
    .slice(0, limit);
}

/**
 * Makes the file's lines. `rewards` and `clips` list the scores of the training images first, then of the validation,
 * test and unjudged images.
 */
export function predictionsOf(
  split: RewardSplit,
  unjudged: readonly ImageRecord[],
  scores: { rewards: ArrayLike<number>; clips: ArrayLike<number>; spreads?: ArrayLike<number> | undefined },
): RewardPrediction[] {
  const judged = (['training', 'validation', 'test'] as const).flatMap((part) =>
    split[part].map(({ image, label, judgements }) => ({ image: image.id, part, label, judgements })),
  );
  const rest = unjudged.map(({ id }) => ({ image: id, part: 'unjudged' as const, judgements: 0 }));
  return [...judged, ...rest].map((line, i) => {
    const spread = scores.spreads?.[i] ?? 0;
    return { ...line, reward: scores.rewards[i]!, clip: scores.clips[i]!, ...(spread === 0 ? {} : { spread }) };
  });
}

/** The images in the order that `predictionsOf` expects. */
export function predictedImages(split: RewardSplit, unjudged: readonly ImageRecord[]): ImageRecord[] {
  return [...[split.training, split.validation, split.test].flat().map(({ image }) => image), ...unjudged];
}

/** Writes the predictions file into each of `folders`. */
export async function writePredictions(
  folders: readonly string[],
  predictions: readonly RewardPrediction[],
): Promise<void> {
  const text = predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join('');
  for (const folder of folders) await writeFileAtomically(join(folder, REWARD_PREDICTIONS_FILE), text);
}

/** Reads the predictions in a reward's folder; undefined for a reward that was trained before heed wrote this file. */
export async function readPredictions(folder: string): Promise<RewardPrediction[] | undefined> {
  const path = join(folder, REWARD_PREDICTIONS_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  // The file is written atomically, so heed never leaves an incomplete line.
  if (text !== '' && !text.endsWith('\n')) throw badInput(`${path}: expected whole lines, got a torn last one`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, i) => parsePrediction(line, `${path}, line ${i + 1}`));
}

function parsePrediction(line: string, where: string): RewardPrediction {
  try {
    return predictionSchema.parse(JSON.parse(line));
  } catch {
    throw badInput(`${where}: expected what a reward says of an image, got damaged text`);
  }
}
