/** Noised latents and text states of the shipped U-Net's shapes. The numbers are random: no step's time hangs on them. */
import { join } from 'node:path';
import { createSchedule, loadModelFolder, prepareDenoisingBatch } from '@heed/diffusion';
import { createRandom, elementCount, type ParameterValues, type Shape } from '@heed/diffusion/autodiff';
import type { TrainingStepSettings } from '../settings.ts';
import { FILES, type Inputs, tensor } from './files.ts';

/** For each batch i: `i.noisyLatents`, `i.target` [B, C, h, w], `i.timestep` [B], `i.encoderHiddenStates` [B, T, D]. */
export async function trainingStepInputs(
  folder: string,
  { batchSize, batches }: TrainingStepSettings,
): Promise<Inputs> {
  const { unet, textEncoder, scheduler } = await loadModelFolder(join(folder, FILES.model));
  const side = unet.config.sample_size ?? 64;
  const latentShape = [batchSize, unet.config.in_channels, side, side];
  const stateShape = [batchSize, textEncoder.config.max_position_embeddings, textEncoder.config.hidden_size];
  const schedule = createSchedule(scheduler);
  const tensors: ParameterValues = new Map();
  for (let i = 0; i < batches; i++) {
    const random = createRandom(1).fork(`batch ${i}`);
    const normal = (shape: Shape) => ({ shape, data: random.fillNormal(new Float32Array(elementCount(shape))) });
    const batch = prepareDenoisingBatch({ latents: normal(latentShape), random, schedule });
    tensors.set(`${i}.noisyLatents`, tensor(latentShape, batch.noisyLatents));
    tensors.set(`${i}.target`, tensor(latentShape, batch.target));
    tensors.set(`${i}.timestep`, tensor([batchSize], batch.timestep));
    tensors.set(`${i}.encoderHiddenStates`, normal(stateShape));
  }
  return { tensors };
}
