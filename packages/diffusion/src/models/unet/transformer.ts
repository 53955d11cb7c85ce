/** diffusers' Transformer2DModel and BasicTransformerBlock: self-attention, cross-attention to the text, gated MLP. */
import { add, attention, gelu, mul, type ParameterScope, reshape, split, type Tensor, transpose } from '@heed/autodiff';
import { convLayer, groupNormLayer, layerNormLayer, linearLayer, ZERO } from '../layers.ts';

export interface TransformerOptions {
  heads: number;
  layers: number;
  groups: number;
  useLinearProjection: boolean;
  attentionBytes?: number | undefined;
}

const NORM_EPSILON = 1e-6;

/** Self-attention over pixels and cross-attention to the text: x [B, C, H, W], text [B, T, D] -> [B, C, H, W]. */
export function spatialTransformer(p: ParameterScope, x: Tensor, text: Tensor, options: TransformerOptions): Tensor {
  const { heads, layers, groups, useLinearProjection, attentionBytes } = options;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const toTokens = (image: Tensor) => transpose(reshape(image, [batch, channels, height * width]), [0, 2, 1]);
  const toImage = (tokens: Tensor) => reshape(transpose(tokens, [0, 2, 1]), [batch, channels, height, width]);

  const normed = groupNormLayer(p.at('norm'), x, { groups, epsilon: NORM_EPSILON });
  let tokens = useLinearProjection
    ? linearLayer(p.at('proj_in'), toTokens(normed), { features: channels })
    : toTokens(convLayer(p.at('proj_in'), normed, { channels, kernel: 1 })); // [B, H*W, C]
  for (let layer = 0; layer < layers; layer++) {
    tokens = transformerBlock(p.at(`transformer_blocks.${layer}`), tokens, text, { heads, attentionBytes });
  }
  // Zero at the start, as in the original latent-diffusion code: a fresh block is the identity.
  const out = p.at('proj_out');
  const image = useLinearProjection
    ? toImage(linearLayer(out, tokens, { features: channels, init: ZERO }))
    : convLayer(out, toImage(tokens), { channels, kernel: 1, init: ZERO });
  return add(image, x);
}

/** One pre-norm block: tokens [B, N, C], text [B, T, D] -> [B, N, C]. */
function transformerBlock(
  p: ParameterScope,
  tokens: Tensor,
  text: Tensor,
  options: { heads: number; attentionBytes?: number | undefined },
): Tensor {
  const own = layerNormLayer(p.at('norm1'), tokens);
  let x = add(tokens, attentionLayer(p.at('attn1'), own, own, options));
  x = add(x, attentionLayer(p.at('attn2'), layerNormLayer(p.at('norm2'), x), text, options));
  return add(x, gatedFeedForward(p.at('ff'), layerNormLayer(p.at('norm3'), x)));
}

/** diffusers' Attention: queries from x [B, N, C], keys and values from context [B, T, D] -> [B, N, C]. */
function attentionLayer(
  p: ParameterScope,
  x: Tensor,
  context: Tensor,
  { heads, bias = false, attentionBytes }: { heads: number; bias?: boolean; attentionBytes?: number | undefined },
): Tensor {
  const features = x.shape.at(-1)!;
  const query = linearLayer(p.at('to_q'), x, { features, bias });
  const key = linearLayer(p.at('to_k'), context, { features, bias });
  const value = linearLayer(p.at('to_v'), context, { features, bias });
  return linearLayer(p.at('to_out.0'), attention(query, key, value, { heads, maxWeightBytes: attentionBytes }), {
    features,
  });
}

/**
 * GEGLU feed-forward network whose hidden layer has four times the channels (Shazeer 2020): [B, N, C] -> [B, N, C].
 */
function gatedFeedForward(p: ParameterScope, x: Tensor): Tensor {
  const features = x.shape.at(-1)!;
  const projected = linearLayer(p.at('net.0.proj'), x, { features: 8 * features });
  // [B, N, 4C]
  const [hidden, gate] = split(projected, { axis: projected.shape.length - 1, parts: 2 }) as [Tensor, Tensor];
  return linearLayer(p.at('net.2'), mul(hidden, gelu(gate)), { features });
}
