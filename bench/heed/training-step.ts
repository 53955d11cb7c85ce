/** One update of the shipped U-Net on heed's engine: `createTrainingStep` with the noise-prediction loss. */
import { join } from 'node:path';
import { denoisingLossPerSample, isLoraParameter, loadComponent, readSafetensors, withLora } from '@heed/diffusion';
import { createTrainingStep, mean, openCommunicator, type ParameterValues } from '@heed/diffusion/autodiff';
import { FILES, tensor } from '../inputs/files.ts';
import { loraOptions } from '../inputs/training-step.ts';
import type { TrainingStepSettings } from '../settings.ts';
import { timedCommunicator } from './timed-communicator.ts';
import type { OpenOptions, Workload } from './workload.ts';

/** Some weights after the checked updates: the first layer, the middle and the last one. */
const CHECKED_WEIGHTS = ['conv_in.weight', 'mid_block.resnets.0.conv1.weight', 'conv_out.weight'];
/** In place of these where a LoRA is trained. */
const CHECKED_FACTORS = ['down_blocks.0.attentions.0', 'up_blocks.3.attentions.2'].flatMap((block) =>
  ['down', 'up'].map((factor) => `${block}.transformer_blocks.0.attn1.to_q.lora_${factor}.weight`),
);
const FACTORS = 'factors.';
const INPUT_NAMES = ['noisyLatents', 'timestep', 'target', 'encoderHiddenStates'] as const;

export async function openTrainingStep({
  folder,
  settings,
  threads,
  runtime,
}: OpenOptions<TrainingStepSettings>): Promise<Workload> {
  const { learningRate, weightDecay, emaDecay, batches, recompute = false, loraRank = 0, accumulation = 1 } = settings;
  const communicator = timedCommunicator(await openCommunicator(), { waits: settings.timesExchange ?? false });
  const unet = await loadComponent(join(folder, FILES.model), 'unet');
  const { tensors } = await readSafetensors(join(folder, FILES.inputs));
  const inputsOf = <T>(batch: number, pick: (value: { shape: readonly number[]; data: Float32Array }) => T) =>
    Object.fromEntries(INPUT_NAMES.map((name) => [name, pick(tensors.get(`${batch}.${name}`)!)])) as Record<
      (typeof INPUT_NAMES)[number],
      T
    >;
  const factors: ParameterValues = new Map(
    [...tensors].flatMap(([name, { shape, data }]) =>
      name.startsWith(FACTORS) ? [[name.slice(FACTORS.length), { shape, data }] as const] : [],
    ),
  );
  const checked = factors.size > 0 ? CHECKED_FACTORS : CHECKED_WEIGHTS;
  const batch = tensors.get('0.timestep')!.shape[0]!;
  // As `heed tune` with tune.replicas: a small network trains faster with a part of the batch on each thread.
  const replicas = runtime.device === 'cpu' && batch % threads === 0 ? threads : 1;
  const together = replicas * communicator.size;
  const { parts = together } = settings;
  const training = await createTrainingStep({
    name: 'benchmark',
    inputs: inputsOf(0, ({ shape: [, ...rest] }) => ({ shape: [batch / parts, ...rest] })),
    replicas,
    parameters: new Map([...unet.parameters, ...factors]),
    trainable: factors.size > 0 ? isLoraParameter : () => true,
    loss: (p, x) => {
      const scope = factors.size > 0 ? withLora(p, loraOptions(loraRank)) : p;
      return { loss: mean(denoisingLossPerSample(scope, unet.config, x, { recompute })) };
    },
    optimizer: { weightDecay, ...(emaDecay > 0 ? { emaDecay } : {}) },
    threads,
    communicator,
    ...runtime,
    onCaptureRefused(sentence) {
      throw new Error(sentence);
    },
  });
  const partOf = (whole: number, part: number) =>
    inputsOf(whole, ({ data }) => {
      const size = data.length / parts;
      return data.subarray(part * size, (part + 1) * size);
    });
  /** Parts follow each other over the ranks, as in tuning. */
  const partsOf = (whole: number, first: number) =>
    Array.from({ length: replicas }, (_, i) => partOf(whole, first + communicator.rank * replicas + i));
  const update = async () => {
    const begin = (training.state.step % batches) * accumulation;
    if (accumulation === 1 && parts === together) return training.step(partsOf(begin, 0), { learningRate });
    for (let i = 0; i < accumulation; i++) {
      for (let first = 0; first < parts; first += together) await training.accumulate(partsOf(begin + i, first));
    }
    return training.apply({ learningRate });
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
      const state = await training.fetchState();
      for (const name of checked) {
        values.set(`weight ${name}`, state.parameters.get(name)!);
        if (state.ema) values.set(`average ${name}`, state.ema.get(name)!);
      }
      return values;
    },
    runOnce: update,
    ...(communicator.size > 1 && {
      exchanged: () => communicator.takeTimes(),
      close: () => communicator.close(0),
    }),
  };
}
