// What the shipped weights went through: trainings that began with `--from-shipped` add theirs to those before them. It
// travels beside the weights, because the states of trainings do not.
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { z } from 'zod';
import { MODELS_FOLDER } from '../paths.ts';
import type { StageContext, StageName } from './stage.ts';
import { stageFolder } from './stage.ts';
import { readTrainingProgress } from './training-state.ts';
import { writeJson } from './write-json.ts';

const HeadRates = z.object({ object: z.number(), colour: z.number(), count: z.number(), background: z.number() });
const RecogniserRates = z.object({
  cleanTrainingStyles: HeadRates,
  degradedTrainingStyles: HeadRates,
  cleanHeldOutStyle: HeadRates,
});
const Training = z.object({
  stage: z.string(),
  what: z.string(),
  updates: z.number(),
  batch: z.string(),
  minutes: z.number(),
});
const TrainingRecord = z.object({ trainings: z.array(Training), recogniser: RecogniserRates.optional() });

export type TrainingRecord = z.infer<typeof TrainingRecord>;

/** Path of the training record beside the shipped weights. */
export const SHIPPED_RECORD = join(MODELS_FOLDER, 'training-record.json');

/** Path to which `--from-shipped` copies the training record of the weights that training starts from. */
export function inheritedRecordPath({ root }: Pick<StageContext, 'root'>): string {
  return join(root, 'inherited-record.json');
}

/** What each stage trains, as the training record describes it. */
const TRAINED: readonly { stage: StageName; what: string; batch: string }[] = [
  {
    stage: 'clip',
    what: 'CLIP, contrastive, on captions 85 % true and 15 % as the web has them; three in eight pictures drawn again from noisy latents, half of all degraded',
    batch: '2 x 128',
  },
  { stage: 'vae', what: 'autoencoder, L1 + squared error + coarse squared error + 1e-6 KL', batch: '8' },
  {
    stage: 'unet',
    what: 'U-Net, noise prediction, min-SNR weights, 10 % of captions dropped, all captions as the web has them',
    batch: '2 x 16',
  },
  {
    stage: 'recogniser',
    what: 'recogniser, cross-entropy on scenes half of which are degraded, a third drawn again from noisy latents, and half in natural colours',
    batch: '64',
  },
];

/**
 * The training record of the stages' weights: the earlier trainings of the starting weights, and the training in this
 * folder.
 */
export async function trainingRecord(context: StageContext): Promise<TrainingRecord> {
  const inherited = await readRecord(inheritedRecordPath(context));
  const own = await Promise.all(
    TRAINED.map(async ({ stage, what, batch }) => {
      const progress = await readTrainingProgress(stageFolder(context, stage));
      const minutes = Math.round((progress?.trainedSeconds ?? 0) / 60);
      return progress ? [{ stage, what, updates: progress.step, batch, minutes }] : [];
    }),
  );
  const measured = join(stageFolder(context, 'recogniser'), 'measurements.json');
  const recogniser =
    (await findCheckedJson(measured, { what: 'the rates of a recogniser', schema: RecogniserRates })) ??
    inherited?.recogniser;
  return {
    trainings: [...(inherited?.trainings ?? []), ...own.flat()],
    ...(recogniser === undefined ? {} : { recogniser }),
  };
}

/** Writes the training record beside the shipped weights. */
export async function shipRecord(record: TrainingRecord): Promise<void> {
  await writeJson(SHIPPED_RECORD, TrainingRecord.parse(record));
}

async function readRecord(path: string): Promise<TrainingRecord | undefined> {
  return findCheckedJson(path, { what: 'a record of trainings', schema: TrainingRecord });
}
