// Trains the autoencoder: 64 x 64 pictures to 16 x 16 x 4 latents and back (Kingma and Welling 2014, with the tiny KL
// weight of Rombach et al. 2022).
import { join } from 'node:path';
import { parseVaeConfig, vaeDecode, vaeEncode, vaeLoss, writeSafetensors } from '@heed/diffusion';
import type { ParameterScope, ParameterValues, Tensor } from '@heed/diffusion/autodiff';
import { add, averagePool2x, compile, createRandom, mean, mul, square, sub } from '@heed/diffusion/autodiff';
import { imagesToPlanes, planesToImages } from '../pixels.ts';
import { IMAGE_SIZE, LATENT_CHANNELS, LATENT_SIZE, vaeConfig } from './configs.ts';
import { writeContactSheet } from './contact-sheet.ts';
import type { Optimisation } from './optimise.ts';
import { optimise } from './optimise.ts';
import { createSceneSource } from './scene-source.ts';
import type { StageContext, StageRunner } from './stage.ts';
import { exists, SCALING_FILE, stageFolder } from './stage.ts';

const BATCH_SIZE = 8;
const KL_WEIGHT = 1e-6;
const COARSE_WEIGHT = 12;
const LATENT_VALUES = LATENT_CHANNELS * LATENT_SIZE * LATENT_SIZE;
/** The VAE's config before the spread of the latents is known; the export stage writes the measured factor. */
export const VAE_CONFIG = parseVaeConfig(vaeConfig({ scalingFactor: 1 }), 'the tiny autoencoder');

export const runVaeStage: StageRunner = async (context) => {
  const folder = stageFolder(context, 'vae');
  const latentsExist = await exists(join(stageFolder(context, 'latents'), SCALING_FILE));
  if (latentsExist) context.print('vae: only the decoder learns on, because latents were made by this encoder');
  const result = await optimise(context, {
    ...(await vaeOptimisation(context)),
    ...(latentsExist
      ? { trainable: (name: string) => name.startsWith('decoder.') || name.startsWith('post_quant_conv.') }
      : {}),
  });
  await writeSafetensors(join(folder, 'model.safetensors'), result.weights, { dtype: 'F32' });
  await drawReconstructions(context, result.weights);
  return result;
};

/**
 * The training problem: L1 + squared error of the reconstruction, squared error at a quarter of the resolution, and a
 * small weight on the latents' KL divergence.
 */
export async function vaeOptimisation({ seed }: Pick<StageContext, 'seed'>, batchSize = BATCH_SIZE) {
  const scenes = await createSceneSource({ seed, stream: 'vae' });
  const root = createRandom(seed).fork('vae noise');
  return {
    stage: 'vae',
    inputs: {
      pixels: { shape: [batchSize, 3, IMAGE_SIZE, IMAGE_SIZE] },
      noise: { shape: [batchSize, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE] },
    },
    loss: (p: ParameterScope, x: { pixels: Tensor; noise: Tensor }) => {
      const { loss, reconstruction, kl, decoded } = vaeLoss(p, VAE_CONFIG, x, {
        l1Weight: 1,
        mseWeight: 1,
        klWeight: KL_WEIGHT,
      });
      // A young autoencoder learns colour last. The error of 4 x 4 means speeds this up.
      const coarse = mean(square(averagePool2x(averagePool2x(sub(decoded, x.pixels)))));
      return { loss: add(loss, mul(coarse, COARSE_WEIGHT)), reconstruction, coarse, kl };
    },
    batchAt: (step: number) => ({
      pixels: imagesToPlanes(Array.from({ length: batchSize }, (_, i) => scenes.draw(step * batchSize + i).image)),
      noise: root.fork(`step ${step}`).fillNormal(new Float32Array(batchSize * LATENT_VALUES)),
    }),
    defaultHorizon: { steps: 1500 },
    learningRate: 2e-3,
    warmupSteps: 50,
    decayShare: 0.25,
    optimizer: { weightDecay: 1e-4 },
  } satisfies Optimisation<'pixels' | 'noise'>;
}

/** Draws pictures above their reconstructions, for a visual check. */
async function drawReconstructions(context: StageContext, weights: ParameterValues): Promise<void> {
  const scenes = await createSceneSource({ seed: context.seed, stream: 'vae test' });
  const count = 12;
  const images = Array.from({ length: count }, (_, i) => scenes.draw(i).image);
  const roundTrip = await compile({
    name: 'vae round trip',
    inputs: { pixels: { shape: [count, 3, IMAGE_SIZE, IMAGE_SIZE] } },
    parameters: weights,
    build: (p, { pixels }) => ({
      decoded: vaeDecode(p, VAE_CONFIG, { latents: vaeEncode(p, VAE_CONFIG, { pixels }).mean }),
    }),
    threads: context.threads,
  });
  const { decoded } = await roundTrip.run({ pixels: imagesToPlanes(images) });
  roundTrip.dispose();
  const reconstructions = planesToImages(decoded, { width: IMAGE_SIZE, height: IMAGE_SIZE });
  await writeContactSheet(join(stageFolder(context, 'vae'), 'reconstructions.png'), [...images, ...reconstructions], {
    columns: count,
  });
}
