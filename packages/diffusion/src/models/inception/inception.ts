/**
 * InceptionV3 as FID uses it (Szegedy et al. 2016; the weights of 2015-12-05 that Heusel et al. 2017 used), as a pure
 * function of parameters. Parameter names are torchvision's; the network's structure is that of pytorch-fid 0.3.0
 * (`inception.py`). Batch normalisation is folded into the convolutions (`checkpoint/inception-file.ts`), so it has no
 * parameters in this network.
 */
import { maxPool, mean, mul, type ParameterScope, sub, type Tensor } from '@heed/autodiff';
import { inceptionA, inceptionB, inceptionC, inceptionD, inceptionE } from './blocks.ts';
import { basicConv } from './layers.ts';

/** Width and height of the pictures that the network was trained on, in pixels. */
export const INCEPTION_SIDE = 299;
/** Number of features of a picture: the number of channels after the last average pooling. */
export const INCEPTION_FEATURES = 2048;

/** Pictures [N, 3, 299, 299] in [0, 1] -> features [N, 2048], the layer that pytorch-fid calls pool_3. */
export function inception(p: ParameterScope, { pixels }: { pixels: Tensor }): Tensor {
  const [, ...rest] = pixels.shape;
  if (rest.join() !== [3, INCEPTION_SIDE, INCEPTION_SIDE].join()) {
    throw new Error(
      `inception: expected [N, 3, ${INCEPTION_SIDE}, ${INCEPTION_SIDE}], got [${pixels.shape.join(', ')}]`,
    );
  }
  const scaled = sub(mul(pixels, 2), 1);
  const wide = { kernel: 3, padding: 0 } as const;
  const first = basicConv(p.at('Conv2d_1a_3x3'), scaled, { channels: 32, ...wide, stride: 2 }); // [N, 32, 149, 149]
  const second = basicConv(p.at('Conv2d_2a_3x3'), first, { channels: 32, ...wide });
  const third = basicConv(p.at('Conv2d_2b_3x3'), second, { channels: 64, kernel: 3 });
  const halved = maxPool(third, { kernel: 3, stride: 2 }); // [N, 64, 73, 73]
  const fourth = basicConv(p.at('Conv2d_3b_1x1'), halved, { channels: 80, kernel: 1 });
  const fifth = basicConv(p.at('Conv2d_4a_3x3'), fourth, { channels: 192, ...wide });
  const start = maxPool(fifth, { kernel: 3, stride: 2 }); // [N, 192, 35, 35]

  // [N, 288, 35, 35]
  const a = [32, 64, 64].reduce((x, pooled, i) => inceptionA(p.at(`Mixed_5${'bcd'[i]}`), x, { pooled }), start);
  const b = inceptionB(p.at('Mixed_6a'), a); // [N, 768, 17, 17]
  const c = [128, 160, 160, 192].reduce((x, inner, i) => inceptionC(p.at(`Mixed_6${'bcde'[i]}`), x, { inner }), b);
  const d = inceptionD(p.at('Mixed_7a'), c); // [N, 1280, 8, 8]
  const e = inceptionE(p.at('Mixed_7b'), d, { pool: 'average' }); // [N, 2048, 8, 8]
  return mean(inceptionE(p.at('Mixed_7c'), e, { pool: 'largest' }), { axes: [2, 3] });
}
