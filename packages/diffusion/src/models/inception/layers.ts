/** The layer that InceptionV3 is made of: a convolution with its batch normalisation folded in, then ReLU. */
import { conv2d, type ParameterScope, relu, type Tensor } from '@heed/autodiff';

/** Height and width of a kernel, or one number for both. */
export type Kernel = number | readonly [height: number, width: number];

/**
 * torchvision's BasicConv2d: [N, C, H, W] -> [N, channels, H', W']. H' = H and W' = W unless `padding` or `stride`
 * changes the size.
 */
export function basicConv(
  p: ParameterScope,
  x: Tensor,
  { channels, kernel, stride = 1, padding }: { channels: number; kernel: Kernel; stride?: number; padding?: 0 },
): Tensor {
  const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const [vertical, horizontal] = padding === 0 ? [0, 0] : [(height - 1) / 2, (width - 1) / 2];
  const conv = p.at('conv');
  const weight = conv.get('weight', [channels, x.shape[1]!, height, width]);
  return relu(
    conv2d(x, weight, conv.get('bias', [channels]), {
      stride,
      padding: [vertical, horizontal, vertical, horizontal],
    }),
  );
}

/** Applies `basicConv` layers one after another, each with the parameters under its own name. */
export function convChain(
  p: ParameterScope,
  x: Tensor,
  layers: readonly (readonly [name: string, channels: number, kernel: Kernel])[],
): Tensor {
  return layers.reduce((y, [name, channels, kernel]) => basicConv(p.at(name), y, { channels, kernel }), x);
}
