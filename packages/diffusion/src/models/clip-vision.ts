/**
 * CLIP's vision tower (Radford et al. 2021) as a pure function of its parameters, which have the names of transformers'
 * CLIPVisionModel.
 */
import { add, broadcastTo, concat, type ParameterScope, reshape, slice, type Tensor, transpose } from '@heed/autodiff';
import type { ClipVisionConfig } from '../configs/clip-config.ts';
import { clipEncoder } from './clip-encoder.ts';
import { convLayer, layerNormLayer } from './layers.ts';

export interface ClipVisionOutputs {
  /** [B, 1 + patches, hidden_size]; the class token comes first, and no layer norm follows the last layer. */
  lastHiddenState: Tensor;
  /** [B, hidden_size]: the class token after the final layer norm. */
  pooled: Tensor;
}

/** Encodes normalised pixels [B, 3, image_size, image_size]; the parameters' names begin with `vision_model`. */
export function clipVision(
  p: ParameterScope,
  config: ClipVisionConfig,
  { pixelValues }: { pixelValues: Tensor },
): ClipVisionOutputs {
  const {
    hidden_size: size,
    patch_size: patch,
    image_size: side,
    num_channels: channels,
    layer_norm_eps: epsilon,
  } = config;
  const [batch, ...rest] = pixelValues.shape as [number, ...number[]];
  if (rest.join() !== [channels, side, side].join()) {
    throw new Error(`CLIP vision: expected [B, ${channels}, ${side}, ${side}], got [${pixelValues.shape.join(', ')}]`);
  }
  const model = p.at('vision_model');
  const patches = Math.floor(side / patch) ** 2;
  const init = { kind: 'normal', std: 0.02 } as const;
  const classToken = model.get('embeddings.class_embedding', [size], { kind: 'normal', std: size ** -0.5 });
  const grid = convLayer(model.at('embeddings.patch_embedding'), pixelValues, {
    channels: size,
    kernel: patch,
    stride: patch,
    padding: 0,
    bias: false,
    init,
  }); // [B, C, side/patch, side/patch]
  const tokens = transpose(reshape(grid, [batch, size, patches]), [0, 2, 1]);
  const position = model.get('embeddings.position_embedding.weight', [patches + 1, size], init);
  const first = broadcastTo(reshape(classToken, [1, 1, size]), [batch, 1, size]);
  const embedded = add(concat([first, tokens], 1), position); // [B, 1 + patches, C]
  // The misspelling is transformers' own and part of every checkpoint.
  const normed = layerNormLayer(model.at('pre_layrnorm'), embedded, { epsilon });
  const lastHiddenState = clipEncoder(model.at('encoder'), config, normed, { causal: false });
  const classRow = reshape(slice(lastHiddenState, { axis: 1, start: 0, end: 1 }), [batch, size]);
  return { lastHiddenState, pooled: layerNormLayer(model.at('post_layernorm'), classRow, { epsilon }) };
}
