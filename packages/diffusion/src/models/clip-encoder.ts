/** The transformer that CLIP's text and vision towers share (transformers' CLIPEncoder), and its initial weights. */
import { add, attention, type ParameterScope, type Tensor } from '@heed/autodiff';
import type { ClipTextConfig, ClipVisionConfig } from '../configs/clip-config.ts';
import { ACTIVATIONS, layerNormLayer, linearLayer } from './layers.ts';

/** Pre-norm transformer layers: [B, T, C] -> [B, T, C]; `causal` for text. */
export function clipEncoder(
  p: ParameterScope,
  config: ClipTextConfig | ClipVisionConfig,
  x: Tensor,
  { causal }: { causal: boolean },
): Tensor {
  let h = x;
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    h = encoderLayer(p.at(`layers.${layer}`), config, h, { causal });
  }
  return h;
}

function encoderLayer(
  p: ParameterScope,
  config: ClipTextConfig | ClipVisionConfig,
  x: Tensor,
  { causal }: { causal: boolean },
): Tensor {
  const { hidden_size: features, num_attention_heads: heads, layer_norm_eps: epsilon } = config;
  // Deviations of transformers' CLIPPreTrainedModel._init_weights, which are those of the CLIP paper.
  const inner = { kind: 'normal', std: features ** -0.5 * (2 * config.num_hidden_layers) ** -0.5 } as const;
  const outer = { kind: 'normal', std: features ** -0.5 } as const;
  const wide = { kind: 'normal', std: (2 * features) ** -0.5 } as const;

  const attn = p.at('self_attn');
  const normed = layerNormLayer(p.at('layer_norm1'), x, { epsilon });
  const project = (name: string) => linearLayer(attn.at(name), normed, { features, init: inner });
  const [key, value, query] = [project('k_proj'), project('v_proj'), project('q_proj')] as const;
  const mixed = attention(query, key, value, { heads, causal });
  const attended = add(x, linearLayer(attn.at('out_proj'), mixed, { features, init: outer }));

  const mlp = p.at('mlp');
  const second = layerNormLayer(p.at('layer_norm2'), attended, { epsilon });
  const hidden = linearLayer(mlp.at('fc1'), second, { features: config.intermediate_size, init: wide });
  const out = linearLayer(mlp.at('fc2'), ACTIVATIONS[config.hidden_act](hidden), { features, init: inner });
  return add(attended, out);
}
