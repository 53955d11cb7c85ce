/**
 * torch.nn layers as functions of a parameter scope: a layer is an op whose parameters come from that scope. Names
 * (`weight`, `bias`) and shapes of parameters are torch's; a scope may add a low-rank update to a weight (`lora/`).
 */
import {
  add,
  conv2d,
  gelu,
  groupNorm,
  type Initializer,
  layerNorm,
  linear,
  mul,
  type ParameterScope,
  quickGelu,
  type Tensor,
} from '@heed/autodiff';
import { lowRankFactors } from '../lora/low-rank-scope.ts';

export const ZERO: Initializer = { kind: 'constant', value: 0 };

/** Activations by the names that configs use. */
export const ACTIVATIONS = { gelu, quick_gelu: quickGelu } as const;

/** torch.nn.Linear over the last axis: [..., in] -> [..., features]. */
export function linearLayer(
  p: ParameterScope,
  x: Tensor,
  { features, bias = true, init }: { features: number; bias?: boolean; init?: Initializer },
): Tensor {
  const weight = p.get('weight', [features, x.shape.at(-1)!], init);
  const y = bias ? linear(x, weight, p.get('bias', [features])) : linear(x, weight);
  const lora = lowRankFactors(p, weight.shape);
  return lora === undefined ? y : add(y, mul(linear(linear(x, lora.down), lora.up), lora.scale));
}

/** torch.nn.Conv2d with a square kernel: [N, C, H, W] -> [N, channels, H', W']. */
export function convLayer(
  p: ParameterScope,
  x: Tensor,
  {
    channels,
    kernel = 3,
    stride = 1,
    padding = (kernel - 1) / 2,
    bias = true,
    init,
  }: {
    channels: number;
    kernel?: number;
    stride?: number;
    padding?: number | readonly [number, number, number, number];
    bias?: boolean;
    init?: Initializer;
  },
): Tensor {
  const weight = p.get('weight', [channels, x.shape[1]!, kernel, kernel], init);
  const y = conv2d(x, weight, bias ? p.get('bias', [channels]) : undefined, { stride, padding });
  const lora = lowRankFactors(p, weight.shape);
  if (lora === undefined) return y;
  const low = conv2d(x, lora.down, undefined, { stride, padding }); // [N, rank, H', W']
  return add(y, mul(conv2d(low, lora.up), lora.scale));
}

/** torch.nn.GroupNorm over [N, C, H, W]. */
export function groupNormLayer(
  p: ParameterScope,
  x: Tensor,
  { groups, epsilon }: { groups: number; epsilon: number },
): Tensor {
  const channels = x.shape[1]!;
  return groupNorm(x, p.get('weight', [channels]), p.get('bias', [channels]), { groups, epsilon });
}

/** torch.nn.LayerNorm over the last axis. */
export function layerNormLayer(p: ParameterScope, x: Tensor, { epsilon = 1e-5 }: { epsilon?: number } = {}): Tensor {
  const size = x.shape.at(-1)!;
  return layerNorm(x, p.get('weight', [size]), p.get('bias', [size]), { epsilon });
}
