/** The graphs of one update of a U-Net, as a device would run them: for counting, and for runs on stub libraries. */
import { fileURLToPath } from 'node:url';
import type { OnnxGraph } from '../packages/autodiff/src/onnx/model.ts';
import type { Precision } from '../packages/autodiff/src/precision.ts';
import { DEVICES, hasOwnMemory } from '../packages/autodiff/src/runtime/device.ts';
import { optimizerGraph } from '../packages/autodiff/src/train/optimizer-graph.ts';
import { separateBuffers, slabs } from '../packages/autodiff/src/train/packing.ts';
import { traceTrainingStep } from '../packages/autodiff/src/train/trace-training-step.ts';
import { type Device, mean } from '../packages/diffusion/src/autodiff.ts';
import { parseUnetConfig, type UnetConfig } from '../packages/diffusion/src/configs/unet-config.ts';
import { denoisingLossPerSample, readModelConfigs } from '../packages/diffusion/src/index.ts';

/** Models whose configuration is known without weights. */
export const MODELS = {
  tiny: async () => {
    const folder = fileURLToPath(new URL('../packages/tiny-sd/models/tiny-sd', import.meta.url));
    const { unet, textEncoder } = await readModelConfigs(folder);
    return { unet, tokens: textEncoder.max_position_embeddings };
  },
  sd15: async () => ({ unet: parseUnetConfig({ cross_attention_dim: 768, sample_size: 64 }), tokens: 77 }),
} satisfies Record<string, () => Promise<{ unet: UnetConfig; tokens: number }>>;

export interface StepOptions {
  readonly model: keyof typeof MODELS;
  readonly batch: number;
  readonly device: Device;
  readonly precision: Precision;
  /** Bytes of attention weights that the backward pass may hold at once; the device's own number by default. */
  readonly attentionBytes?: number;
}

/** The graph of loss and gradients, and the optimizer's where it is a graph. */
export async function stepGraphs({
  model,
  batch,
  device,
  precision,
  attentionBytes,
}: StepOptions): Promise<{ step: OnnxGraph; optimizer: OnnxGraph | undefined }> {
  const { unet, tokens } = await MODELS[model]();
  const { hasViews, form: own } = DEVICES[device];
  const form = attentionBytes === undefined ? own : { ...own, attentionBytes };
  const side = unet.sample_size ?? 64;
  const latents = { shape: [batch, unet.in_channels, side, side] };
  const { lowered, trained } = traceTrainingStep({
    name: `${model} step`,
    inputs: {
      noisyLatents: latents,
      target: latents,
      timestep: { shape: [batch] },
      encoderHiddenStates: { shape: [batch, tokens, unet.cross_attention_dim] },
    },
    trainable: () => true,
    loss: (p, x) => ({ loss: mean(denoisingLossPerSample(p, unet, x)) }),
    form,
    precision,
    scalesLoss: precision === 'float16',
  });
  const { buffers } = hasViews ? slabs(trained) : separateBuffers(trained);
  const optimizer = hasOwnMemory(device) ? optimizerGraph(buffers, {}, { averages: false, form }) : undefined;
  return { step: lowered.graph, optimizer };
}
