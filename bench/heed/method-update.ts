/** One update by a tuning method of heed, as `heed tune` makes it, on random latents and text states. */
import { join } from 'node:path';
import { createSchedule, loadComponent, readModelConfigs } from '@heed/diffusion';
import { createRandom, createTrainingStep, elementCount, type Shape } from '@heed/diffusion/autodiff';
import { parseConfig } from '../../packages/heed/src/config/index.ts';
import { methodOf } from '../../packages/heed/src/tune/methods/index.ts';
import { lossOf } from '../../packages/heed/src/tune/networks.ts';
import { tuneOptionsOf } from '../../packages/heed/src/tune/options.ts';
import { trainedWeights } from '../../packages/heed/src/tune/trained-weights.ts';
import { FILES, tensor } from '../inputs/files.ts';
import type { MethodUpdateSettings } from '../settings.ts';
import type { OpenOptions, Workload } from './workload.ts';

const PROMPTS = 4;
const IMAGES_PER_PROMPT = 8;

export async function openMethodUpdate({
  folder,
  settings: { method: name, batchSize, loraRank },
  threads,
  runtime,
}: OpenOptions<MethodUpdateSettings>): Promise<Workload> {
  const model = join(folder, FILES.model);
  const { textEncoder, scheduler } = await readModelConfigs(model);
  const unet = await loadComponent(model, 'unet');
  // As in training-step.ts: a small network trains faster with a part of the batch on each thread.
  const replicas = loraRank === 0 && runtime.device === 'cpu' && batchSize % (2 * threads) === 0 ? threads : 1;
  const overrides = [
    `tune.method=${name}`,
    `tune.batchSize=${batchSize}`,
    `tune.replicas=${replicas}`,
    `tune.loraRank=${loraRank}`,
    'tune.beta=0',
    'tune.watch.everySteps=0',
  ];
  const options = tuneOptionsOf(parseConfig('', { source: 'benchmark', overrides }));
  const method = methodOf(options);
  const side = unet.config.sample_size ?? 64;
  const normal = (key: string, shape: Shape) =>
    createRandom(1)
      .fork(key)
      .fillNormal(new Float32Array(elementCount(shape)));
  const latentShape = [unet.config.in_channels, side, side];
  const textShape = [textEncoder.max_position_embeddings, textEncoder.hidden_size];
  const batches = method.batches({
    samples: Array.from({ length: PROMPTS * IMAGES_PER_PROMPT }, (_, i) => ({
      image: `image ${i}`,
      prompt: `prompt ${i % PROMPTS}`,
      reward: i / (PROMPTS * IMAGES_PER_PROMPT),
      label: Math.floor(i / PROMPTS) % 2,
      labelled: true,
    })),
    options,
    schedule: createSchedule(scheduler),
    sources: {
      latentShape,
      textShape,
      latents: async (key) => normal(key, latentShape),
      embedPrompts: async (prompts) => normal(prompts.join(), [prompts.length, ...textShape]),
    },
  });
  const hasReference = method.needs(options).reference;
  const weights = trainedWeights(unet.parameters, unet.config, { ...options, hasReference });
  const training = await createTrainingStep({
    name: 'benchmark',
    inputs: batches.specs,
    parameters: weights.all,
    trainable: weights.isTrained,
    loss: lossOf(method, { unetConfig: unet.config, options }),
    optimizer: { weightDecay: options.weightDecay, maxGradientNorm: options.maxGradientNorm },
    replicas,
    threads,
    ...runtime,
  });
  const update = async () => {
    const begin = training.state.step * replicas;
    const feeds = await Promise.all(Array.from({ length: replicas }, (_, i) => batches.at(begin + i)));
    return training.step(feeds, { learningRate: options.learningRate });
  };
  return {
    async check() {
      const { loss } = await update();
      return new Map([['loss', tensor([1], [loss!])]]);
    },
    runOnce: update,
  };
}
