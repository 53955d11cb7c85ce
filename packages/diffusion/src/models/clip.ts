/**
 * CLIP's text and vision towers with their projections (Radford et al. 2021, figure 3). Parameters have the names of
 * transformers' CLIPModel.
 */
import { exp, type ParameterScope, type Tensor } from '@heed/autodiff';
import type { ClipConfig } from '../configs/clip-config.ts';
import { type ClipTextInputs, clipText } from './clip-text.ts';
import { clipVision } from './clip-vision.ts';
import { linearLayer } from './layers.ts';

export interface ClipOutputs {
  /** [B, projection_dim], not normalised. */
  textEmbeds: Tensor;
  /** [B, projection_dim], not normalised. */
  imageEmbeds: Tensor;
  /** Scalar: exp of the parameter `logit_scale`, the factor on cosine similarities. */
  logitScale: Tensor;
}

/** Projected embeddings of texts and images. */
export function clip(
  p: ParameterScope,
  config: ClipConfig,
  inputs: ClipTextInputs & { pixelValues: Tensor },
): ClipOutputs {
  return {
    textEmbeds: clipTextEmbeds(p, config, inputs),
    imageEmbeds: clipImageEmbeds(p, config, inputs),
    logitScale: clipLogitScale(p, config),
  };
}

/** Computes transformers' CLIPModel.get_text_features: embeddings [B, projection_dim], not normalised. */
export function clipTextEmbeds(p: ParameterScope, config: ClipConfig, inputs: ClipTextInputs): Tensor {
  return project(p.at('text_projection'), clipText(p, config.text_config, inputs).pooled, config);
}

/** Computes transformers' CLIPModel.get_image_features: embeddings [B, projection_dim], not normalised. */
export function clipImageEmbeds(p: ParameterScope, config: ClipConfig, inputs: { pixelValues: Tensor }): Tensor {
  return project(p.at('visual_projection'), clipVision(p, config.vision_config, inputs).pooled, config);
}

/** Returns the learned inverse temperature as a scalar: exp of the parameter `logit_scale`. */
export function clipLogitScale(p: ParameterScope, config: ClipConfig): Tensor {
  return exp(p.get('logit_scale', [], { kind: 'constant', value: config.logit_scale_init_value }));
}

function project(p: ParameterScope, pooled: Tensor, config: ClipConfig): Tensor {
  const init = { kind: 'normal', std: pooled.shape.at(-1)! ** -0.5 } as const;
  return linearLayer(p, pooled, { features: config.projection_dim, bias: false, init });
}
