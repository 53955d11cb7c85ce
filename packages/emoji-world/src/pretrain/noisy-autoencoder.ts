// Gives pictures the faults that come with being drawn in latents: what the autoencoder loses, and what a diffusion
// model gets slightly wrong before the decoder sees it. Faults of the pixels themselves are degrade.ts's business.
import { join } from 'node:path';
import { readSafetensors, vaeDecode, vaeEncode } from '@heed/diffusion';
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { add, compile } from '@heed/diffusion/autodiff';
import { IMAGE_SIZE, LATENT_CHANNELS, LATENT_SIZE } from './configs.ts';
import { LATENT_VALUES } from './latent-shards.ts';
import type { StageContext } from './stage.ts';
import { requireFile, stageFolder } from './stage.ts';
import { VAE_CONFIG } from './vae-stage.ts';

export interface NoisyAutoencoder {
  /**
   * Pictures [N, 3, 64, 64] in [-1, 1] through the autoencoder and back. Each picture's latents get Gaussian noise of a
   * deviation drawn from [0, `maxNoise`), in units of the latents' own deviation.
   */
  run(pixels: Float32Array, options: { maxNoise: number; random: RandomGenerator }): Promise<Float32Array>;
  dispose(): void;
}

/** The autoencoder of the vae stage, compiled for `batchSize` pictures; `scalingFactor` is 1 / its latents' deviation. */
export async function createNoisyAutoencoder(
  context: StageContext,
  { batchSize, scalingFactor }: { batchSize: number; scalingFactor: number },
): Promise<NoisyAutoencoder> {
  const path = await requireFile(join(stageFolder(context, 'vae'), 'model.safetensors'), 'vae');
  const { tensors } = await readSafetensors(path);
  const network = await compile({
    name: 'noisy autoencoder',
    inputs: {
      pixels: { shape: [batchSize, 3, IMAGE_SIZE, IMAGE_SIZE] },
      noise: { shape: [batchSize, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE] },
    },
    parameters: tensors,
    build: (p, { pixels, noise }) => ({
      decoded: vaeDecode(p, VAE_CONFIG, { latents: add(vaeEncode(p, VAE_CONFIG, { pixels }).mean, noise) }),
    }),
    threads: 1,
  });
  return {
    async run(pixels, { maxNoise, random }) {
      const noise = new Float32Array(batchSize * LATENT_VALUES);
      for (let row = 0; row < batchSize; row++) {
        const deviation = (maxNoise * random.uniform()) / scalingFactor;
        for (let i = 0; i < LATENT_VALUES; i++) noise[row * LATENT_VALUES + i] = deviation * random.normal();
      }
      return (await network.run({ pixels, noise })).decoded;
    },
    dispose: () => network.dispose(),
  };
}
