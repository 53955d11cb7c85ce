/**
 * Noised latents and text states of the shipped U-Net's shapes. The numbers are random: no step's time hangs on them.
 */
import { join } from 'node:path';
import {
  createSchedule,
  type LoraOptions,
  loraParameters,
  prepareDenoisingBatch,
  readModelConfigs,
} from '@heed/diffusion';
import { createRandom, elementCount, type ParameterValues, type Shape } from '@heed/diffusion/autodiff';
import type { TrainingStepSettings } from '../settings.ts';
import { FILES, type Inputs, tensor } from './files.ts';

const FACTOR_SIZE = 0.02;

/** For each batch i: `i.noisyLatents`, `i.target` [B, C, h, w], `i.timestep` [B], `i.encoderHiddenStates` [B, T, D]. */
export async function trainingStepInputs(
  folder: string,
  { batchSize, batches, accumulation = 1, loraRank = 0 }: TrainingStepSettings,
): Promise<Inputs> {
  const { unet, textEncoder, scheduler } = await readModelConfigs(join(folder, FILES.model));
  const side = unet.sample_size ?? 64;
  const latentShape = [batchSize, unet.in_channels, side, side];
  const stateShape = [batchSize, textEncoder.max_position_embeddings, textEncoder.hidden_size];
  const schedule = createSchedule(scheduler);
  const tensors: ParameterValues = new Map();
  for (let i = 0; i < batches * accumulation; i++) {
    const random = createRandom(1).fork(`batch ${i}`);
    const normal = (shape: Shape) => ({ shape, data: random.fillNormal(new Float32Array(elementCount(shape))) });
    const batch = prepareDenoisingBatch({ latents: normal(latentShape), random, schedule });
    tensors.set(`${i}.noisyLatents`, tensor(latentShape, batch.noisyLatents));
    tensors.set(`${i}.target`, tensor(latentShape, batch.target));
    tensors.set(`${i}.timestep`, tensor([batchSize], batch.timestep));
    tensors.set(`${i}.encoderHiddenStates`, normal(stateShape));
  }
  if (loraRank > 0) {
    const random = createRandom(1).fork('factors');
    // Both factors off zero, so that the first update already has a gradient of either.
    for (const { name, shape } of loraParameters(unet, loraOptions(loraRank))) {
      const data = random.fillNormal(new Float32Array(elementCount(shape)));
      tensors.set(`factors.${name}`, { shape, data: data.map((value) => FACTOR_SIZE * value) });
    }
  }
  return { tensors };
}

/** The LoRA of the benchmark: the projections of attention, as diffusers' own training scripts have it. */
export function loraOptions(rank: number): LoraOptions {
  return { rank, alpha: rank, layers: 'attention' };
}
