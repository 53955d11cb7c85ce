// Trains CLIP by contrast on pictures and captions of the world (Radford et al. 2021). The U-Net
// stage takes a copy of the text tower when it begins; CLIP may go on learning after that.
import { join } from 'node:path';
import type { Tokenizer } from '@heed/diffusion';
import { clip, clipContrastiveLoss, loadTokenizer, parseClipConfig, writeSafetensors } from '@heed/diffusion';
import type { ParameterScope, Tensor } from '@heed/diffusion/autodiff';
import { cleanCaption } from '../captions/clean.ts';
import { webCaption } from '../captions/web.ts';
import { describe } from '../grammar.ts';
import { imagesToPlanes } from '../pixels.ts';
import { chance } from '../sampling.ts';
import { clipConfig, IMAGE_SIZE, MAX_TOKENS, textConfig } from './configs.ts';
import { degrade } from './degrade.ts';
import type { NoisyAutoencoder } from './noisy-autoencoder.ts';
import { createNoisyAutoencoder } from './noisy-autoencoder.ts';
import type { Optimisation } from './optimise.ts';
import { optimise } from './optimise.ts';
import type { DrawnScene } from './scene-source.ts';
import { createSceneSource } from './scene-source.ts';
import type { StageContext, StageRunner } from './stage.ts';
import { requireFile, stageFolder } from './stage.ts';

/** Batch size of each replica; the contrastive loss compares only pairs of one replica's batch. */
const BATCH_SIZE = 128;
const REPLICAS = 2;
const PLANES = 3 * IMAGE_SIZE * IMAGE_SIZE;
const WEB_SHARE = 0.15;
/**
 * Number of pictures in a batch that pass through the autoencoder with slight latent noise, to resemble the generated
 * images that the reward will rate.
 */
const AUTOENCODED = 48;

export const runClipStage: StageRunner = async (context) => {
  const tokenizer = await loadStageTokenizer(context);
  const autoencoder = await createNoisyAutoencoder(context, { pictures: AUTOENCODED });
  const problem = await clipOptimisation(context, tokenizer, { autoencoder });
  const result = await optimise(context, { ...problem, replicas: REPLICAS });
  autoencoder.dispose();
  await writeSafetensors(join(stageFolder(context, 'clip'), 'model.safetensors'), result.weights, { dtype: 'F32' });
  return result;
};

/** The tokenizer that the first stage trained. */
export async function loadStageTokenizer(context: StageContext): Promise<Tokenizer> {
  const folder = stageFolder(context, 'tokenizer');
  await requireFile(join(folder, 'vocab.json'), 'tokenizer');
  return loadTokenizer(folder);
}

/** CLIP's config for this tokenizer. */
export function clipConfigFor(tokenizer: Tokenizer) {
  return parseClipConfig(clipConfig(textConfig(tokenizer)), 'the tiny CLIP');
}

/** The training problem: symmetric cross-entropy over the batch's image-text similarities. */
export async function clipOptimisation(
  { seed }: Pick<StageContext, 'seed'>,
  tokenizer: Tokenizer,
  { batchSize = BATCH_SIZE, autoencoder }: { batchSize?: number; autoencoder?: NoisyAutoencoder } = {},
) {
  const scenes = await createSceneSource({ seed, stream: 'clip' });
  const config = clipConfigFor(tokenizer);
  return {
    stage: 'clip',
    inputs: {
      pixelValues: { shape: [batchSize, 3, IMAGE_SIZE, IMAGE_SIZE] },
      inputIds: { shape: [batchSize, MAX_TOKENS], dtype: 'int64' },
      eosIndex: { shape: [batchSize], dtype: 'int64' },
    },
    loss: (p: ParameterScope, x: Record<'pixelValues' | 'inputIds' | 'eosIndex', Tensor>) => {
      const outputs = clip(p, config, x);
      return { loss: clipContrastiveLoss(outputs), scale: outputs.logitScale };
    },
    batchAt: async (step: number) => {
      const drawn = Array.from({ length: batchSize }, (_, i) => scenes.draw(step * batchSize + i));
      const captions = drawn.map(captionOf);
      const pixelValues = imagesToPlanes(drawn.map(({ image }) => image));
      await autoencoder?.redrawFirst(pixelValues, drawn[0]!.random);
      // The reward will see generated images, which are soft and blotchy.
      drawn.forEach(({ random }, i) => {
        degrade(pixelValues.subarray(i * PLANES, (i + 1) * PLANES), IMAGE_SIZE, random);
      });
      return { pixelValues, ...tokenizer.encode(captions, { maxLength: MAX_TOKENS }) };
    },
    defaultHorizon: { steps: 1000 },
    learningRate: 1e-3,
    warmupSteps: 100,
    decayShare: 0.3,
    optimizer: { weightDecay: 5e-2, beta2: 0.98 },
  } satisfies Optimisation<'pixelValues' | 'inputIds' | 'eosIndex'>;
}

/** Makes a caption: mostly a clean full description, sometimes a web-like one, sometimes the prompt template. */
function captionOf({ scene, random }: DrawnScene): string {
  if (chance(random, WEB_SHARE)) return webCaption(scene, random);
  if (chance(random, 0.4)) {
    const { object, colour, count, background } = scene;
    return describe({
      object,
      ...(colour === undefined ? {} : { colour }),
      ...(count > 1 || chance(random, 0.5) ? { count } : {}),
      ...(background === undefined ? {} : { background }),
    });
  }
  return cleanCaption(scene, random);
}
