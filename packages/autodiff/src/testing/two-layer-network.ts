/** The network of the training step's tests: 2 inputs, 16 hidden SiLU units, 1 output. */
import { linear, type ParameterScope, silu, type Tensor } from '../index.ts';

/** Output [N, 1] of `x` [N, 2]. */
export function network(p: ParameterScope, x: Tensor): Tensor {
  return linear(
    silu(linear(x, p.get('in.weight', [16, 2]), p.get('in.bias', [16]))),
    p.get('out.weight', [1, 16]),
    p.get('out.bias', [1]),
  );
}
