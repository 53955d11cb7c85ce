/**
 * Forecasts the memory, the disk space and the time of a step that `heed tune` will need with a model and settings,
 * before any weight is read.
 */
import {
  COMPONENT_KINDS,
  isLoraParameter,
  type ModelConfigs,
  modelSize,
  readModelConfigs,
  vaeScale,
} from '@heed/diffusion';
import {
  elementCount,
  estimateTrainingStep,
  type MachineRates,
  measureRates,
  secondsOfStep,
} from '@heed/diffusion/autodiff';
import type { HeedConfig } from '../config/index.ts';
import { threadsOption } from '../config/schema.ts';
import { batchCounts } from '../tune/batches.ts';
import { methodOf } from '../tune/methods/index.ts';
import { isReferenceParameter, lossOf } from '../tune/networks.ts';
import { tuneOptionsOf } from '../tune/options.ts';

export interface TuneForecast {
  readonly model: string;
  readonly parameters: number;
  readonly trainedParameters: number;
  readonly memoryBytes: {
    /**
     * Bytes of the weights of U-Net, VAE and text encoder; the latter two stay loaded because they are written into the
     * tuned model's folder.
     */
    readonly weights: number;
    readonly otherNetworks: number;
    readonly optimizer: number;
    /** Bytes of a step: activations, gradients, and the runtime's data for the graph. */
    readonly step: number;
    readonly program: number;
    readonly total: number;
  };
  readonly diskBytes: {
    readonly checkpoints: number;
    readonly tunedModel: number;
    /** Bytes on disk for each image: the image's latents and the text encoder's output for the image's prompt. */
    readonly eachImage: number;
    readonly total: number;
  };
  readonly step: {
    readonly teraflops: number;
    readonly seconds: number;
  };
}

/** Memory of the program itself: Node, its modules and the runtime's library. */
const PROGRAM_BYTES = 0.2e9;

/**
 * Forecasts tuning of the model at `path` under a project's settings; without `rates`, the machine's speed is measured.
 */
export async function forecastTuning(
  path: string,
  config: HeedConfig,
  { rates }: { rates?: MachineRates } = {},
): Promise<TuneForecast> {
  const configs = await readModelConfigs(path);
  const options = tuneOptionsOf(config);
  const { lora } = options;
  const method = methodOf(options);
  const size = config.model.size === 0 ? undefined : config.model.size;
  const side = (await modelSize(path, { size })) / vaeScale(configs.vae);
  const latents = [configs.unet.in_channels, side, side];
  const text = [configs.textEncoder.max_position_embeddings, configs.textEncoder.hidden_size];
  const estimate = estimateTrainingStep({
    name: 'forecast',
    inputs: method.specs({ ...batchCounts(options), latentShape: latents, textShape: text }),
    trainable: lora ? isLoraParameter : (name) => !isReferenceParameter(name),
    loss: lossOf(method, { unetConfig: configs.unet, options }),
    averages: options.ema > 0,
  });
  const { trainedParameters, weightBytes, optimizerBytes } = estimate;
  // Accumulated batches have separate buffers for the sums.
  const accumulated = options.accumulation > 1 ? 4 * trainedParameters : 0;
  const memory = {
    weights: weightBytes,
    otherNetworks: 4 * (parametersOf(configs, 'vae') + parametersOf(configs, 'textEncoder')),
    optimizer: optimizerBytes,
    step: options.replicas * estimate.runBytes + accumulated,
    program: PROGRAM_BYTES,
  };
  const checkpoint = 4 * trainedParameters + optimizerBytes;
  const tunedModel =
    2 * (parametersOf(configs, 'unet') + parametersOf(configs, 'vae') + parametersOf(configs, 'textEncoder'));
  const disk = {
    // A new one is whole before the oldest goes.
    checkpoints: (options.keepCheckpoints + 1) * checkpoint,
    tunedModel: tunedModel + (lora ? 2 * trainedParameters : 0),
    eachImage: 4 * (elementCount(latents) + elementCount(text)),
  };
  const found = rates ?? (await measureRates(threadsOption(config)));
  const { flops } = estimate.work;
  const batches = options.accumulation * options.replicas;
  return {
    model: path,
    // A copy of them that stays frozen is memory, but no more of the model.
    parameters: parametersOf(configs, 'unet') + (lora ? trainedParameters : 0),
    trainedParameters,
    memoryBytes: { ...memory, total: Object.values(memory).reduce((sum, bytes) => sum + bytes, 0) },
    diskBytes: { ...disk, total: disk.checkpoints + disk.tunedModel },
    step: {
      teraflops: (batches * Object.values(flops).reduce((sum, count) => sum + count, 0)) / 1e12,
      seconds: batches * secondsOfStep(estimate, found),
    },
  };
}

/** Lines for people. */
export function describeForecast({ memoryBytes, diskBytes, step, ...forecast }: TuneForecast): string[] {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;
  const millions = (count: number) => `${(count / 1e6).toFixed(2)} million`;
  return [
    `tuning ${forecast.model}: ${millions(forecast.trainedParameters)} of ${millions(forecast.parameters)} weights trained`,
    `memory  ${gigabytes(memoryBytes.total)}: U-Net ${gigabytes(memoryBytes.weights)}, VAE and text encoder ${gigabytes(memoryBytes.otherNetworks)}, optimizer ${gigabytes(memoryBytes.optimizer)}, activations and gradients ${gigabytes(memoryBytes.step)}, the program ${gigabytes(memoryBytes.program)}`,
    `disk    ${gigabytes(diskBytes.total)}: checkpoints ${gigabytes(diskBytes.checkpoints)}, the tuned model ${gigabytes(diskBytes.tunedModel)}; and ${(diskBytes.eachImage / 1e3).toFixed(0)} kB an image`,
    `time    ${step.seconds.toFixed(step.seconds < 10 ? 2 : 0)} s a step (${step.teraflops.toFixed(2)} TFLOP), if the cores are free`,
  ];
}

function parametersOf(configs: ModelConfigs, name: 'unet' | 'vae' | 'textEncoder'): number {
  const count = <Config>(
    kind: { parameters: (config: Config) => readonly { shape: readonly number[] }[] },
    config: Config,
  ) => kind.parameters(config).reduce((total, { shape }) => total + elementCount(shape), 0);
  if (name === 'unet') return count(COMPONENT_KINDS.unet, configs.unet);
  return name === 'vae'
    ? count(COMPONENT_KINDS.vae, configs.vae)
    : count(COMPONENT_KINDS.textEncoder, configs.textEncoder);
}
