/** The part of `runTune` for ranks other than 0: they train and write no files. */
import { join } from 'node:path';
import { loadModel, StableDiffusionPipeline } from '@heed/diffusion';
import type { Communicator } from '@heed/diffusion/autodiff';
import { silentProgress } from '../progress/index.ts';
import { modelFolder, openRun, type Project } from '../project/index.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { runtimeOf } from '../project/runtime.ts';
import { CHECKPOINTS } from './begun.ts';
import { measureExchange } from './exchange-time.ts';
import { openLatents } from './latents.ts';
import { methodOf } from './methods/index.ts';
import { checkSameBase, shareRun } from './ranks.ts';
import { batchesOf, parameterCount, promptsOf } from './run-batches.ts';
import { openTextStates } from './text-states.ts';
import { trainModel } from './train.ts';

/**
 * Waits until rank 0 has sent the options and samples, and then trains. Returns without training when rank 0 reports
 * that there is nothing to train.
 */
export async function runTuneRank(
  project: Project,
  { communicator, signal }: { communicator: Communicator; signal?: AbortSignal | undefined },
): Promise<void> {
  await measureExchange(communicator);
  const shared = await shareRun(communicator, undefined);
  if (!shared) return;
  const { run, from, options, model, pretraining, fingerprint } = shared;
  const method = methodOf(options);
  const source = await modelFolder(project, from, { progress: silentProgress, signal });
  const components = await loadModel(source, weightsOptions(project, from));
  const pipeline = new StableDiffusionPipeline(components, await runtimeOf(project));
  checkSameBase(shared, pipeline.modelHash);
  const latents = await openLatents(project, pipeline);
  const texts = await openTextStates(project, {
    pipeline,
    prompts: promptsOf(model, pretraining),
    encoderParameters: parameterCount(components.textEncoder.parameters),
    progress: silentProgress,
  });
  if (texts.isComplete) await pipeline.dispose();
  try {
    await trainModel({
      run,
      method,
      unetConfig: components.unet.config,
      parameters: components.unet.parameters,
      batches: batchesOf({ method, options, pipeline, latents, texts, model, pretraining }),
      options,
      checkpointFolder: join(openRun(project, run).folder, CHECKPOINTS),
      fingerprint,
      ...(await runtimeOf(project)),
      ...(signal === undefined ? {} : { signal }),
      communicator,
    });
  } finally {
    await texts.close();
    await latents.close();
    await pipeline.dispose();
  }
}
