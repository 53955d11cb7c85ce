/** The components of a Stable Diffusion pipeline. Reads no file. */
import { createHash, type Hash } from 'node:crypto';
import type { ParameterValues } from '@heed/autodiff';
import type { ClipTextConfig } from '../configs/clip-config.ts';
import type { SchedulerConfig } from '../configs/scheduler-config.ts';
import type { UnetConfig } from '../configs/unet-config.ts';
import { type VaeConfig, vaeScale } from '../configs/vae-config.ts';
import { InputError } from '../errors.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Contrast } from './contrast.ts';

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
  /** The contrast (good-minus-bad guidance) that is added during sampling. */
  contrast?: Contrast | undefined;
}

/** The component configs that `checkComponents` reads. */
interface ComponentConfigs {
  readonly unet: { readonly config: UnetConfig };
  readonly vae: { readonly config: VaeConfig };
  readonly textEncoder: { readonly config: ClipTextConfig };
  readonly tokenizer: Tokenizer;
}

/**
 * The purpose of a U-Net by its number of input channels, for U-Nets with more input channels than the latents have.
 */
const OTHER_INPUTS: Readonly<Record<number, string>> = {
  5: 'a depth-to-image model',
  7: 'an upscaler',
  8: 'an InstructPix2Pix model',
  9: 'an inpainting model',
};

/** The text ` (an inpainting model...)` when `inChannels` identifies the U-Net's purpose, else an empty text. */
export function describeInputs(inChannels: number): string {
  const kind = OTHER_INPUTS[inChannels];
  return kind === undefined ? '' : ` (${kind}, which draws from more than text)`;
}

/** Throws an InputError when the parts do not fit together (an inpainting U-Net, another text encoder...). */
export function checkComponents({ unet, vae, textEncoder, tokenizer }: ComponentConfigs): void {
  const latents = vae.config.latent_channels;
  const { in_channels: inside, out_channels: out } = unet.config;
  if (inside !== latents || out !== latents) {
    throw new InputError(
      `unet: expected ${latents} channels in and out like the VAE's latents, got ${inside} in and ${out} out${describeInputs(inside)}`,
    );
  }
  if (unet.config.cross_attention_dim !== textEncoder.config.hidden_size) {
    throw new InputError(
      `unet: expected cross_attention_dim ${textEncoder.config.hidden_size} like the text encoder's hidden_size, got ${unet.config.cross_attention_dim}`,
    );
  }
  if (tokenizer.vocabSize > textEncoder.config.vocab_size) {
    throw new InputError(
      `tokenizer: expected at most ${textEncoder.config.vocab_size} tokens, the text encoder's vocab_size, got ${tokenizer.vocabSize}`,
    );
  }
}

/** The picture size the U-Net was trained at, in pixels. */
export function nativeSize({ unet, vae }: Pick<ComponentConfigs, 'unet' | 'vae'>): number {
  return (unet.config.sample_size ?? 64) * vaeScale(vae.config);
}

/** Picture sides must be multiples of this many pixels, because the VAE and the U-Net downsample repeatedly. */
export function sideMultiple({ unet, vae }: Pick<ComponentConfigs, 'unet' | 'vae'>): number {
  return vaeScale(vae.config) * 2 ** (unet.config.block_out_channels.length - 1);
}

/**
 * The U-Net's config for square pictures whose side is `size` pixels. Throws an InputError for a size that the U-Net
 * cannot draw.
 */
export function unetConfigOfSize(parts: Pick<ComponentConfigs, 'unet' | 'vae'>, size: number): UnetConfig {
  const multiple = sideMultiple(parts);
  if (!Number.isInteger(size) || size < 1 || size % multiple !== 0) {
    throw new InputError(`size: expected a multiple of ${multiple} pixels for this model, got ${size}`);
  }
  return { ...parts.unet.config, sample_size: size / vaeScale(parts.vae.config) };
}

/**
 * SHA-256 over configs and weights, 16 hex digits. Models with equal hashes generate equal pictures from equal noise.
 */
export function hashComponents({ unet, vae, textEncoder, scheduler, contrast }: StableDiffusionComponents): string {
  const hash = createHash('sha256').update(JSON.stringify(scheduler));
  if (contrast) hash.update(`contrast ${contrast.scale} `);
  const sides = contrast ? [contrast.good, contrast.bad] : [];
  for (const component of [unet, vae, textEncoder, ...sides]) addComponent(hash, component);
  return hash.digest('hex').slice(0, 16);
}

/** Like `hashComponents` for the VAE alone. Equal hashes mean equal latents of a picture. */
export function hashVae({ vae }: Pick<StableDiffusionComponents, 'vae'>): string {
  return addComponent(createHash('sha256'), vae).digest('hex').slice(0, 16);
}

/** Like `hashComponents` for tokenizer and text encoder. Equal hashes mean equal text states of a prompt. */
export function hashTextEncoder({
  textEncoder,
  tokenizer,
}: Pick<StableDiffusionComponents, 'textEncoder' | 'tokenizer'>): string {
  const hash = createHash('sha256').update(tokenizerText(tokenizer));
  return addComponent(hash, textEncoder).digest('hex').slice(0, 16);
}

function tokenizerText({ files: { vocab, ...rest } }: Tokenizer): string {
  return JSON.stringify([[...vocab], rest]);
}

function addComponent(hash: Hash, { config, parameters }: ModelComponent<unknown>): Hash {
  hash.update(JSON.stringify(config));
  for (const name of [...parameters.keys()].sort()) {
    const { shape, data } = parameters.get(name)!;
    hash.update(`${name} ${shape.join()} `).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash;
}
