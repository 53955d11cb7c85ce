// Gives pictures the faults of latent diffusion: the autoencoder's losses, and small errors of the diffusion model
// before decoding. `degrade.ts` simulates faults of the pixels.
import { join } from 'node:path';
import { readSafetensors, vaeDecode, vaeEncode } from '@heed/diffusion';
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { add, compile } from '@heed/diffusion/autodiff';
import { IMAGE_SIZE, LATENT_CHANNELS, LATENT_SIZE } from './configs.ts';
import { LATENT_VALUES, readScalingFactor } from './latent-shards.ts';
import type { StageContext } from './stage.ts';
import { requireFile, stageFolder } from './stage.ts';
import { VAE_CONFIG } from './vae-stage.ts';

/** Largest standard deviation of the noise, relative to that of the latents. */
const MAX_LATENT_NOISE = 0.6;

export interface NoisyAutoencoder {
  /**
   * Encodes and decodes the first `pictures` of the images [N, 3, 64, 64], values in [-1, 1], in place. The latents get
   * Gaussian noise, whose standard deviation is drawn for each picture.
   */
  redrawFirst(pixels: Float32Array, random: RandomGenerator): Promise<void>;
  dispose(): void;
}

/** The autoencoder of the vae stage, compiled for this number of pictures. */
export async function createNoisyAutoencoder(
  context: StageContext,
  { pictures }: { pictures: number },
): Promise<NoisyAutoencoder> {
  const scalingFactor = await readScalingFactor(context);
  const path = await requireFile(join(stageFolder(context, 'vae'), 'model.safetensors'), 'vae');
  const { tensors } = await readSafetensors(path);
  const network = await compile({
    name: 'noisy autoencoder',
    inputs: {
      pixels: { shape: [pictures, 3, IMAGE_SIZE, IMAGE_SIZE] },
      noise: { shape: [pictures, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE] },
    },
    parameters: tensors,
    build: (p, { pixels, noise }) => ({
      decoded: vaeDecode(p, VAE_CONFIG, { latents: add(vaeEncode(p, VAE_CONFIG, { pixels }).mean, noise) }),
    }),
    threads: 1,
  });
  return {
    async redrawFirst(pixels, random) {
      const noise = new Float32Array(pictures * LATENT_VALUES);
      for (let row = 0; row < pictures; row++) {
        const deviation = (MAX_LATENT_NOISE * random.uniform()) / scalingFactor;
        for (let i = 0; i < LATENT_VALUES; i++) noise[row * LATENT_VALUES + i] = deviation * random.normal();
      }
      const first = pixels.subarray(0, pictures * 3 * IMAGE_SIZE * IMAGE_SIZE);
      first.set((await network.run({ pixels: first.slice(), noise })).decoded);
    },
    dispose: () => network.dispose(),
  };
}
