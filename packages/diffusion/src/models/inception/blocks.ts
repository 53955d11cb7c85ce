/**
 * The five kinds of InceptionV3 blocks, with torchvision's parameter names and pytorch-fid's changes to the pooling.
 * Average pooling leaves padding pixels out of the mean, and the last block uses max pooling.
 */
import { averagePoolSame, concat, maxPool, type ParameterScope, type Tensor } from '@heed/autodiff';
import { basicConv, convChain } from './layers.ts';

const CHANNELS = 1;

/** Mixed_5b to 5d: [N, C, 35, 35] -> [N, 224 + pooled, 35, 35]. */
export function inceptionA(p: ParameterScope, x: Tensor, { pooled }: { pooled: number }): Tensor {
  return concat(
    [
      basicConv(p.at('branch1x1'), x, { channels: 64, kernel: 1 }),
      convChain(p, x, [
        ['branch5x5_1', 48, 1],
        ['branch5x5_2', 64, 5],
      ]),
      convChain(p, x, [
        ['branch3x3dbl_1', 64, 1],
        ['branch3x3dbl_2', 96, 3],
        ['branch3x3dbl_3', 96, 3],
      ]),
      basicConv(p.at('branch_pool'), averagePoolSame(x, { kernel: 3 }), { channels: pooled, kernel: 1 }),
    ],
    CHANNELS,
  );
}

/** Mixed_6a: [N, 288, 35, 35] -> [N, 768, 17, 17]. */
export function inceptionB(p: ParameterScope, x: Tensor): Tensor {
  const halving = { kernel: 3, stride: 2, padding: 0 } as const;
  const double = convChain(p, x, [
    ['branch3x3dbl_1', 64, 1],
    ['branch3x3dbl_2', 96, 3],
  ]);
  return concat(
    [
      basicConv(p.at('branch3x3'), x, { channels: 384, ...halving }),
      basicConv(p.at('branch3x3dbl_3'), double, { channels: 96, ...halving }),
      maxPool(x, { kernel: 3, stride: 2 }),
    ],
    CHANNELS,
  );
}

/** Mixed_6b to 6e: [N, 768, 17, 17] -> [N, 768, 17, 17], with convolutions of 1 x 7 and 7 x 1 pixels. */
export function inceptionC(p: ParameterScope, x: Tensor, { inner }: { inner: number }): Tensor {
  return concat(
    [
      basicConv(p.at('branch1x1'), x, { channels: 192, kernel: 1 }),
      convChain(p, x, [
        ['branch7x7_1', inner, 1],
        ['branch7x7_2', inner, [1, 7]],
        ['branch7x7_3', 192, [7, 1]],
      ]),
      convChain(p, x, [
        ['branch7x7dbl_1', inner, 1],
        ['branch7x7dbl_2', inner, [7, 1]],
        ['branch7x7dbl_3', inner, [1, 7]],
        ['branch7x7dbl_4', inner, [7, 1]],
        ['branch7x7dbl_5', 192, [1, 7]],
      ]),
      basicConv(p.at('branch_pool'), averagePoolSame(x, { kernel: 3 }), { channels: 192, kernel: 1 }),
    ],
    CHANNELS,
  );
}

/** Mixed_7a: [N, 768, 17, 17] -> [N, 1280, 8, 8]. */
export function inceptionD(p: ParameterScope, x: Tensor): Tensor {
  const halving = { kernel: 3, stride: 2, padding: 0 } as const;
  const narrow = convChain(p, x, [['branch3x3_1', 192, 1]]);
  const wide = convChain(p, x, [
    ['branch7x7x3_1', 192, 1],
    ['branch7x7x3_2', 192, [1, 7]],
    ['branch7x7x3_3', 192, [7, 1]],
  ]);
  return concat(
    [
      basicConv(p.at('branch3x3_2'), narrow, { channels: 320, ...halving }),
      basicConv(p.at('branch7x7x3_4'), wide, { channels: 192, ...halving }),
      maxPool(x, { kernel: 3, stride: 2 }),
    ],
    CHANNELS,
  );
}

/**
 * Mixed_7b and 7c: [N, C, 8, 8] -> [N, 2048, 8, 8]. The weights of 2015 were trained with max pooling in the last
 * block.
 */
export function inceptionE(p: ParameterScope, x: Tensor, { pool }: { pool: 'average' | 'largest' }): Tensor {
  const single = convChain(p, x, [['branch3x3_1', 384, 1]]);
  const double = convChain(p, x, [
    ['branch3x3dbl_1', 448, 1],
    ['branch3x3dbl_2', 384, 3],
  ]);
  const pooled =
    pool === 'average' ? averagePoolSame(x, { kernel: 3 }) : maxPool(x, { kernel: 3, stride: 1, padding: 1 });
  return concat(
    [
      basicConv(p.at('branch1x1'), x, { channels: 320, kernel: 1 }),
      convChain(p, single, [['branch3x3_2a', 384, [1, 3]]]),
      convChain(p, single, [['branch3x3_2b', 384, [3, 1]]]),
      convChain(p, double, [['branch3x3dbl_3a', 384, [1, 3]]]),
      convChain(p, double, [['branch3x3dbl_3b', 384, [3, 1]]]),
      basicConv(p.at('branch_pool'), pooled, { channels: 192, kernel: 1 }),
    ],
    CHANNELS,
  );
}
