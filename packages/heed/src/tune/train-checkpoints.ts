/**
 * Checkpoints of a tuning run. Rank 0 saves the checkpoints, at most one for each update. All ranks check the weights
 * before a checkpoint is saved, and read the latest checkpoint at the start.
 */
import { single, type TrainingStep } from '@heed/diffusion/autodiff';
import { findLatestCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint.ts';
import { checkSameWeights } from './ranks.ts';
import type { TuneTraining } from './train.ts';
import type { TrainedWeights } from './trained-weights.ts';
import {
  checkFingerprint,
  checkFinite,
  readOptimizerState,
  readSavedState,
  writeTrainingState,
} from './training-state.ts';

/**
 * Creates the checkpoint writer; `step` is the training step whose state was restored from a checkpoint, if there was
 * one.
 */
export function createCheckpoints(
  { batches, options, checkpointFolder, fingerprint, communicator = single }: TuneTraining,
  { step, weights }: { step: TrainingStep<string>; weights: TrainedWeights },
) {
  const { state } = step;
  let savedStep = state.step;
  return {
    /**
     * Saves a checkpoint of the current update unless this update's checkpoint is saved already. Throws when a weight
     * is not finite or differs between ranks.
     */
    async save(): Promise<void> {
      if (savedStep === state.step) return;
      await step.fetchState();
      checkFinite(weights.trained);
      await checkSameWeights(communicator, weights.trained, state.step);
      const batch = state.step * options.accumulation * options.replicas;
      if (communicator.rank === 0) {
        await saveCheckpoint(checkpointFolder, {
          step: state.step,
          keep: options.keepCheckpoints,
          write: (folder) =>
            writeTrainingState(folder, {
              optimizer: { ...state, parameters: weights.trained },
              random: { seed: options.seed, batch },
              data: batches.position(batch),
              fingerprint,
            }),
        });
      }
      savedStep = state.step;
    },
    /** Names the latest checkpoint, as a clause for error messages. */
    describe: () => (savedStep > 0 ? `its last checkpoint is that of update ${savedStep}` : 'it has no checkpoint'),
  };
}

/**
 * Reads the latest intact checkpoint into the weights and returns the optimizer's state. Returns undefined when the run
 * has no checkpoint.
 */
export async function restoreCheckpoint(training: TuneTraining, weights: TrainedWeights) {
  const { checkpointFolder, fingerprint, run, onSkippedCheckpoint } = training;
  const latest = await findLatestCheckpoint(
    checkpointFolder,
    onSkippedCheckpoint ? { onSkip: onSkippedCheckpoint } : {},
  );
  if (latest === undefined) return undefined;
  checkFingerprint(await readSavedState(latest.folder), fingerprint, run);
  return { ...(await readOptimizerState(latest.folder, weights.trained)), parameters: weights.all };
}
