/**
 * Ops that halve or double a picture's sides. Doubling and halving are adjoint to each other, up to a factor of four.
 */
import { apply, defineOp } from '../op.ts';
import { describeTensor, type Tensor } from '../tensor.ts';
import { mul } from './elementwise.ts';

export const resampleOps = {
  upsampleNearest2x: defineOp<undefined>({
    name: 'upsampleNearest2x',
    shape: ([x]) => [x!.shape[0]!, x!.shape[1]!, x!.shape[2]! * 2, x!.shape[3]! * 2],
    emit: ({ graph, names }) =>
      graph.node('Resize', [names[0]!, '', graph.settings([1, 1, 2, 2])], {
        mode: { string: 'nearest' },
        coordinate_transformation_mode: { string: 'asymmetric' },
        nearest_mode: { string: 'floor' },
      }),
    vjp: ({ gradient }) => [mul(averagePool2x(gradient), 4)],
  }),
  averagePool2x: defineOp<undefined>({
    name: 'averagePool2x',
    shape: ([x]) => {
      const [n, c, h, w] = x!.shape as [number, number, number, number];
      if (h % 2 || w % 2) throw new Error(`averagePool2x: expected even sides, got ${describeTensor(x!)}`);
      return [n, c, h / 2, w / 2];
    },
    emit: ({ graph, names }) =>
      graph.node('AveragePool', names, { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } }),
    vjp: ({ gradient }) => [mul(upsampleNearest2x(gradient), 0.25)],
  }),
};

/** Doubles both sides of x [N, C, H, W], each pixel repeated. */
export const upsampleNearest2x = (x: Tensor): Tensor => apply(resampleOps.upsampleNearest2x, [x], undefined);
/** Halves both sides of x [N, C, H, W], each 2 x 2 block averaged. */
export const averagePool2x = (x: Tensor): Tensor => apply(resampleOps.averagePool2x, [x], undefined);
