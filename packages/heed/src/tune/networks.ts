/**
 * The networks that a method's loss can use: the U-Net in training, and the frozen model from before tuning. With a
 * LoRA, the frozen model is the U-Net without the low-rank factors. In full fine-tuning, the frozen model is a copy of
 * the weights under other names.
 */
import { type UnetConfig, unet, withLora } from '@heed/diffusion';
import type { ParameterScope, ParameterValues, Tensor } from '@heed/diffusion/autodiff';
import type { Batch, Losses, NetworkInputs, Networks, TuningMethod } from './method.ts';
import type { TuneOptions } from './options.ts';

const REFERENCE = 'reference';

/**
 * Returns the loss of `method` as a function of the weights and a batch; the names of the weights are those in
 * `TrainedWeights.all`.
 */
export function lossOf(
  method: TuningMethod,
  { unetConfig, options }: { unetConfig: UnetConfig; options: TuneOptions },
): (p: ParameterScope, batch: Record<string, Tensor>) => Losses {
  const { reference: hasReference } = method.needs(options);
  return (p, batch) => method.loss(networksIn(p, { unetConfig, options, hasReference }), batch as Batch, options);
}

function networksIn(
  p: ParameterScope,
  {
    unetConfig,
    options: { lora, recompute, attentionBytes },
    hasReference,
  }: { unetConfig: UnetConfig; options: TuneOptions; hasReference: boolean },
): Networks {
  const build = (scope: ParameterScope, { noisyLatents, timestep, encoderHiddenStates }: NetworkInputs) => {
    const inputs = { sample: noisyLatents, timestep, encoderHiddenStates };
    return unet(scope, unetConfig, inputs, { recompute, attentionBytes });
  };
  const trained = lora ? withLora(p, lora) : p;
  const frozen = lora ? p : p.at(REFERENCE);
  return {
    predict: (inputs) => build(trained, inputs),
    reference(inputs) {
      if (!hasReference) throw new Error('networks: expected a method that needs the reference, got one that does not');
      return build(frozen, inputs);
    },
  };
}

/** Copies the weights as the frozen reference, under the names that `networksIn` looks up. */
export function referenceOf(weights: ParameterValues): ParameterValues {
  return new Map(
    [...weights].map(([name, { shape, data }]) => [`${REFERENCE}.${name}`, { shape, data: data.slice() }]),
  );
}

export function isReferenceParameter(name: string): boolean {
  return name.startsWith(`${REFERENCE}.`);
}
