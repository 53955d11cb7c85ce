/**
 * Good-minus-bad guidance: sampling is also guided by the difference between the predictions of two further U-Nets.
 * "Rethinking Preference Optimization with CFG" (arXiv 2602.18799) adds this difference to classifier-free guidance,
 *
 *     e = e_cfg + scale (e_good - e_bad),
 *
 * where e_good and e_bad are predictions for the prompt by U-Nets that were fine-tuned on good and on bad images. Each
 * sampling step needs two more passes through a U-Net.
 */
import type { UnetConfig } from '../configs/unet-config.ts';
import { InputError } from '../errors.ts';
import type { ModelComponent } from './components.ts';
import { createDenoiser, type Denoiser } from './denoiser.ts';
import type { RuntimeOptions } from './model-runner.ts';

/** The contrast of a model. */
export interface Contrast {
  good: ModelComponent<UnetConfig>;
  bad: ModelComponent<UnetConfig>;
  /** Weight of the difference; 0 disables it. */
  scale: number;
}

/** Throws an InputError when a U-Net of the contrast has other inputs than the model's own U-Net. */
export function checkContrast({ good, bad, scale }: Contrast, unet: ModelComponent<UnetConfig>): void {
  if (!Number.isFinite(scale) || scale < 0) {
    throw new InputError(`contrast: expected a scale of at least 0, got ${scale}`);
  }
  for (const [name, { config }] of Object.entries({ good, bad })) {
    for (const key of ['in_channels', 'out_channels', 'cross_attention_dim'] as const) {
      if (config[key] !== unet.config[key]) {
        throw new InputError(
          `contrast, the ${name} U-Net: expected ${key} ${unet.config[key]} like the model's own, got ${config[key]}`,
        );
      }
    }
  }
}

/** Adds the contrast to the prediction of `base`. */
export function withContrast(base: Denoiser, { good, bad, scale }: Contrast, runtime: RuntimeOptions): Denoiser {
  const sides = [good, bad].map((unet) => createDenoiser(unet, { ...runtime, live: false }));
  return {
    async prepare(batch) {
      const predict = await base.prepare(batch);
      const [predictGood, predictBad] = await Promise.all(
        sides.map((side) => side.prepare({ ...batch, negativeState: undefined })),
      );
      return async (sample, timestep) => {
        // The networks run one after another, each with all threads.
        const guided = await predict(sample, timestep);
        const towards = await predictGood!(sample, timestep);
        const away = await predictBad!(sample, timestep);
        return guided.map((value, i) => value + scale * (towards[i]! - away[i]!));
      };
    },
    dispose: async () => {
      await Promise.all([base, ...sides].map((denoiser) => denoiser.dispose()));
    },
  };
}
