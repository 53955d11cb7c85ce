// Trains the U-Net to predict the noise in latents (Ho et al. 2020; Rombach et al. 2022), given captions as the web has
// them. Text tower and autoencoder are fixed and do not run here, save the tower once a batch.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tokenizer } from '@heed/diffusion';
import {
  clipText,
  createSchedule,
  denoisingLossPerSample,
  parseSchedulerConfig,
  parseUnetConfig,
  prepareDenoisingBatch,
  readSafetensors,
  writeSafetensors,
} from '@heed/diffusion';
import type { ParameterScope, ParameterValues, Tensor } from '@heed/diffusion/autodiff';
import { compile, createRandom, mean, mul } from '@heed/diffusion/autodiff';
import { clipConfigFor, loadStageTokenizer } from './clip-stage.ts';
import { EMBEDDING_SIZE, LATENT_CHANNELS, LATENT_SIZE, MAX_TOKENS, SCHEDULER_CONFIG, UNET_CONFIG } from './configs.ts';
import type { LatentShard } from './latent-shards.ts';
import { LATENT_VALUES, readScalingFactor, readShards } from './latent-shards.ts';
import type { Optimisation } from './optimise.ts';
import { optimise } from './optimise.ts';
import type { StageContext, StageRunner } from './stage.ts';
import { exists, requireFile, stageFolder, TEXT_TOWER_FILE } from './stage.ts';

/** Batch size of each replica. */
const BATCH_SIZE = 16;
const REPLICAS = 2;
const CAPTION_DROPOUT = 0.1;
const SNR_LIMIT = 5;

type UnetInputName = 'noisyLatents' | 'target' | 'timestep' | 'weights' | 'encoderHiddenStates';

export const runUnetStage: StageRunner = async (context) => {
  const tokenizer = await loadStageTokenizer(context);
  await keepTextTower(context);
  const embedder = await createTextEmbedder(context, tokenizer, BATCH_SIZE);
  const data = await readShards(stageFolder(context, 'latents'));
  const scalingFactor = await readScalingFactor(context);
  context.print(`unet: ${data.captions.length} encoded scenes, scaling factor ${scalingFactor.toFixed(4)}`);
  const problem = unetOptimisation({ seed: context.seed, data, scalingFactor, embed: embedder.embed });
  const write = (weights: ParameterValues) =>
    writeSafetensors(join(stageFolder(context, 'unet'), 'model.safetensors'), weights, { dtype: 'F32' });
  const result = await optimise(context, {
    ...problem,
    replicas: REPLICAS,
    onSave: async (_step: number, weights: ParameterValues) => write(weights),
  });
  embedder.dispose();
  return result;
};

/**
 * Path of the text tower with which this U-Net is trained. The text tower is copied from CLIP once, so that CLIP can
 * train further.
 */
export function textTowerPath(context: StageContext): string {
  return join(stageFolder(context, 'unet'), TEXT_TOWER_FILE);
}

async function keepTextTower(context: StageContext): Promise<void> {
  if (await exists(textTowerPath(context))) return;
  const { tensors } = await readSafetensors(
    await requireFile(join(stageFolder(context, 'clip'), 'model.safetensors'), 'clip'),
  );
  const tower = new Map([...tensors].filter(([name]) => name.startsWith('text_model.')));
  await mkdir(stageFolder(context, 'unet'), { recursive: true });
  await writeSafetensors(textTowerPath(context), tower, { dtype: 'F32' });
}

export interface TextEmbedder {
  /** The text tower's last hidden states of a full batch of prompts, [N, T, D]. */
  embed(texts: readonly string[]): Promise<Float32Array>;
  dispose(): void;
}

/** The frozen text tower, compiled for one batch size. */
export async function createTextEmbedder(
  context: StageContext,
  tokenizer: Tokenizer,
  batchSize: number,
): Promise<TextEmbedder> {
  const { tensors } = await readSafetensors(await requireFile(textTowerPath(context), 'unet'));
  const { text_config: config } = clipConfigFor(tokenizer);
  const tower = await compile({
    name: 'text tower',
    inputs: {
      inputIds: { shape: [batchSize, MAX_TOKENS], dtype: 'int64' },
      eosIndex: { shape: [batchSize], dtype: 'int64' },
    },
    parameters: tensors,
    build: (p, x) => ({ hidden: clipText(p, config, x).lastHiddenState }),
    threads: 1,
  });
  return {
    embed: async (texts) => (await tower.run(tokenizer.encode([...texts], { maxLength: MAX_TOKENS }))).hidden,
    dispose: () => tower.dispose(),
  };
}

/**
 * The training problem: weight(t) * |noise - predicted|^2, averaged over each sample's elements and then over the
 * batch. The weight is the min-SNR weight for noise prediction, min(SNR, 5) / SNR (Hang et al. 2023). One caption in
 * ten is dropped, for classifier-free guidance (Ho and Salimans 2022).
 */
export function unetOptimisation({
  seed,
  data,
  scalingFactor,
  embed,
  batchSize = BATCH_SIZE,
}: {
  seed: number;
  data: LatentShard;
  scalingFactor: number;
  embed: (texts: readonly string[]) => Promise<Float32Array>;
  batchSize?: number;
}) {
  const config = parseUnetConfig(UNET_CONFIG, 'the tiny U-Net');
  const schedule = createSchedule(parseSchedulerConfig(SCHEDULER_CONFIG, 'the tiny schedule'));
  const root = createRandom(seed).fork('unet batches');
  const latentShape = [batchSize, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE];
  return {
    stage: 'unet',
    inputs: {
      noisyLatents: { shape: latentShape },
      target: { shape: latentShape },
      timestep: { shape: [batchSize] },
      weights: { shape: [batchSize] },
      encoderHiddenStates: { shape: [batchSize, MAX_TOKENS, EMBEDDING_SIZE] },
    },
    loss: (p: ParameterScope, x: Record<UnetInputName, Tensor>) => {
      const errors = denoisingLossPerSample(p, config, x); // [B]
      return { loss: mean(mul(errors, x.weights)), error: mean(errors) };
    },
    batchAt: async (step: number) => {
      const random = root.fork(`step ${step}`);
      const latents = new Float32Array(batchSize * LATENT_VALUES);
      const texts: string[] = [];
      for (let row = 0; row < batchSize; row++) {
        const index = random.integer(data.captions.length);
        const from = index * LATENT_VALUES;
        for (let i = 0; i < LATENT_VALUES; i++)
          latents[row * LATENT_VALUES + i] = scalingFactor * data.latents[from + i]!;
        const captions = data.captions[index]!;
        const caption = captions[random.integer(captions.length)]!;
        texts.push(random.uniform() < CAPTION_DROPOUT ? '' : caption);
      }
      const batch = prepareDenoisingBatch({
        latents: { data: latents, shape: latentShape },
        random,
        schedule,
        gamma: SNR_LIMIT,
      });
      return { ...batch, encoderHiddenStates: await embed(texts) };
    },
    defaultHorizon: { hours: 2 },
    learningRate: 8e-4,
    warmupSteps: 150,
    decayShare: 0.25,
    optimizer: { weightDecay: 1e-2, emaDecay: 0.998 },
  } satisfies Optimisation<UnetInputName>;
}
