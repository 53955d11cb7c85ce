/**
 * Writes the tuned model to disk: a diffusers folder with the model's lineage and hashes, and the LoRA if one was
 * trained.
 */
import { join } from 'node:path';
import {
  type LoraModules,
  loadModel,
  nativeSize,
  type StableDiffusionComponents,
  StableDiffusionPipeline,
  saveLora,
  saveModelFolder,
} from '@heed/diffusion';
import { writeFolderHashes } from '../checkpoint/folder-hashes.ts';
import { createImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { modelFileOf } from '../project/model-file.ts';
import { findRewardConfig } from '../reward/reward-model.ts';
import { rewardFolder } from '../reward/scorer.ts';
import { findLineage, openRounds, writeLineage } from '../rounds/lineage.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';
import { LORA_FILE } from './lora-file.ts';
import type { TuningMethod } from './method.ts';
import type { TuneOptions } from './options.ts';
import { describeData } from './result.ts';
import type { TrainedModel } from './train.ts';

/** Information about the run that trained the model. */
export interface TunedModel {
  /** Name of the model. */
  name: string;
  /** Folder of the model. */
  folder: string;
  run: string;
  method: TuningMethod;
  options: TuneOptions;
  fingerprint: string;
  /** The model from which tuning started: its name, its hash, and the folder or file from which it was loaded. */
  parent: { name: string; modelHash: string; source: string };
  components: StableDiffusionComponents;
  /** Name of the reward, if the method read one. */
  reward: string | undefined;
  model: readonly TuneSample[];
  pretraining: readonly PretrainingSample[] | undefined;
}

/** Writes the model, and replaces an earlier model of the same name. */
export async function writeTunedModel(project: Project, about: TunedModel, trained: TrainedModel): Promise<void> {
  const { folder, run, fingerprint, components } = about;
  const before = await findLineage(folder);
  const rounds = await openRounds(project);
  await saveModelFolder(
    folder,
    { ...components, unet: { config: components.unet.config, parameters: trained.parameters } },
    { overwrite: true, metadata: { heed: JSON.stringify({ run, fingerprint, steps: trained.chosenStep }) } },
  );
  if (trained.lora) await writeLora(join(folder, LORA_FILE), trained.lora, about);
  await writeLineage(folder, await lineageOf(project, { about, steps: trained.chosenStep, rounds }), before);
  await writeFolderHashes(folder);
}

async function lineageOf(
  project: Project,
  { about, steps, rounds }: { about: TunedModel; steps: number; rounds: Awaited<ReturnType<typeof openRounds>> },
): Promise<Parameters<typeof writeLineage>[1]> {
  const { name, folder, run, method, parent, reward, model, pretraining } = about;
  const byRound: Record<string, number> = {};
  const images = createImageStore(project.paths.images);
  for (const { image } of model) {
    const drawn = rounds.ofImage(images.get(image));
    byRound[drawn] = (byRound[drawn] ?? 0) + 1;
  }
  await images.close();
  const rewardRun = reward && (await findRewardConfig(rewardFolder(project, reward)))?.training.run;
  const { labelled, unlabelled, pretraining: pairs } = describeData(model, pretraining);
  return {
    name,
    // Hash of the weights on disk, which may be rounded to float16.
    modelHash: new StableDiffusionPipeline(await loadModel(folder)).modelHash,
    parent: { name: parent.name, modelHash: parent.modelHash },
    round: Math.max(rounds.ofModel(parent.modelHash) + 1, ...Object.keys(byRound).map(Number)),
    run,
    method: method.name,
    steps,
    ...(reward === undefined
      ? {}
      : { reward: { name: reward, ...(typeof rewardRun === 'string' ? { run: rewardRun } : {}) } }),
    data: { labelled, unlabelled, pretraining: pairs, byRound },
  };
}

/** Writes the LoRA as a separate file; the model's U-Net already includes the LoRA. */
async function writeLora(
  path: string,
  unet: LoraModules,
  { run, method, options, components, parent, fingerprint, model }: TunedModel,
): Promise<void> {
  await saveLora(
    path,
    { unet, textEncoder: new Map() },
    {
      facts: {
        name: run,
        predictionType: components.scheduler.prediction_type,
        resolution: nativeSize(components),
        learningRate: options.learningRate,
        seed: options.seed,
        steps: options.steps,
        batchSize: options.batchSize,
        images: model.length,
        baseModelFile: await modelFileOf(parent.source),
        finishedAt: new Date(),
        comment: `heed: ${method.title}`,
      },
      metadata: { heed: JSON.stringify({ run, fingerprint, steps: options.steps }) },
    },
  );
}
