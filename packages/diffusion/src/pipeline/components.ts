/** What a Stable Diffusion pipeline is made of. Where it was read from is `load-pipeline.ts`'s affair. */
import { createHash } from 'node:crypto';
import type { ParameterValues } from '@heed/autodiff';
import type { ClipTextConfig } from '../configs/clip-config.ts';
import type { SchedulerConfig } from '../configs/scheduler-config.ts';
import type { UnetConfig } from '../configs/unet-config.ts';
import { type VaeConfig, vaeScale } from '../configs/vae-config.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** A network: its architecture and its weights. */
export interface ModelComponent<Config> {
  config: Config;
  parameters: ParameterValues;
}

export interface StableDiffusionComponents {
  unet: ModelComponent<UnetConfig>;
  vae: ModelComponent<VaeConfig>;
  textEncoder: ModelComponent<ClipTextConfig>;
  tokenizer: Tokenizer;
  scheduler: SchedulerConfig;
}

/** Throws one sentence when the parts do not fit together (an inpainting U-Net, another text encoder...). */
export function checkComponents({ unet, vae, textEncoder, tokenizer }: StableDiffusionComponents): void {
  const latents = vae.config.latent_channels;
  if (unet.config.in_channels !== latents || unet.config.out_channels !== latents) {
    throw new Error(
      `unet: expected ${latents} channels in and out like the VAE's latents, got ${unet.config.in_channels} in and ${unet.config.out_channels} out`,
    );
  }
  if (unet.config.cross_attention_dim !== textEncoder.config.hidden_size) {
    throw new Error(
      `unet: expected cross_attention_dim ${textEncoder.config.hidden_size} like the text encoder's hidden_size, got ${unet.config.cross_attention_dim}`,
    );
  }
  if (tokenizer.vocabSize > textEncoder.config.vocab_size) {
    throw new Error(
      `tokenizer: expected at most ${textEncoder.config.vocab_size} tokens, the text encoder's vocab_size, got ${tokenizer.vocabSize}`,
    );
  }
}

/** The picture size the U-Net was trained at, in pixels. */
export function nativeSize({ unet, vae }: StableDiffusionComponents): number {
  return (unet.config.sample_size ?? 64) * vaeScale(vae.config);
}

/** SHA-256 over configs and weights, 16 hex digits: equal exactly when the same noise gives the same picture. */
export function hashComponents({ unet, vae, textEncoder, scheduler }: StableDiffusionComponents): string {
  const hash = createHash('sha256').update(JSON.stringify(scheduler));
  for (const { config, parameters } of [unet, vae, textEncoder]) {
    hash.update(JSON.stringify(config));
    for (const name of [...parameters.keys()].sort()) {
      const { shape, data } = parameters.get(name)!;
      hash.update(`${name} ${shape.join()} `).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
