/** One update of the shipped U-Net on heed's engine: `createTrainingStep` with the noise-prediction loss. */
import { join } from 'node:path';
import { denoisingLossPerSample, loadComponent, readSafetensors } from '@heed/diffusion';
import { createTrainingStep, mean, type ParameterValues } from '@heed/diffusion/autodiff';
import { FILES, tensor } from '../inputs/files.ts';
import type { TrainingStepSettings } from '../settings.ts';
import type { OpenOptions, Workload } from './workload.ts';

/** Some weights after the checked updates: the first layer, the middle and the last one. */
const CHECKED_WEIGHTS = ['conv_in.weight', 'mid_block.resnets.0.conv1.weight', 'conv_out.weight'];
const INPUT_NAMES = ['noisyLatents', 'timestep', 'target', 'encoderHiddenStates'] as const;

export async function openTrainingStep({
  folder,
  settings,
  threads,
}: OpenOptions<TrainingStepSettings>): Promise<Workload> {
  const { learningRate, weightDecay, emaDecay, batches } = settings;
  const unet = await loadComponent(join(folder, FILES.model), 'unet');
  const { tensors } = await readSafetensors(join(folder, FILES.inputs));
  const inputsOf = <T>(batch: number, pick: (value: { shape: readonly number[]; data: Float32Array }) => T) =>
    Object.fromEntries(INPUT_NAMES.map((name) => [name, pick(tensors.get(`${batch}.${name}`)!)])) as Record<
      (typeof INPUT_NAMES)[number],
      T
    >;
  const batch = tensors.get('0.timestep')!.shape[0]!;
  // As `heed tune` with tune.replicas: a small network trains faster with a part of the batch on each thread.
  const replicas = batch % threads === 0 ? threads : 1;
  const training = await createTrainingStep({
    name: 'benchmark',
    inputs: inputsOf(0, ({ shape: [, ...rest] }) => ({ shape: [batch / replicas, ...rest] })),
    replicas,
    parameters: unet.parameters,
    loss: (p, x) => ({ loss: mean(denoisingLossPerSample(p, unet.config, x)) }),
    optimizer: { weightDecay, ...(emaDecay > 0 ? { emaDecay } : {}) },
    threads,
  });
  const { state } = training;
  const partOf = (whole: number, part: number) =>
    inputsOf(whole, ({ data }) => {
      const size = data.length / replicas;
      return data.subarray(part * size, (part + 1) * size);
    });
  const update = () => {
    const whole = state.step % batches;
    const parts = Array.from({ length: replicas }, (_, part) => partOf(whole, part));
    return training.step(parts, { learningRate });
  };

  return {
    async check() {
      const measured = [];
      for (let i = 0; i < batches; i++) measured.push(await update());
      const values: ParameterValues = new Map();
      for (const key of ['loss', 'gradientNorm'] as const) {
        values.set(
          key,
          tensor(
            [batches],
            measured.map((metrics) => metrics[key]!),
          ),
        );
      }
      for (const name of CHECKED_WEIGHTS) {
        values.set(`weight ${name}`, state.parameters.get(name)!);
        if (state.ema) values.set(`average ${name}`, state.ema.get(name)!);
      }
      return values;
    },
    runOnce: update,
  };
}
