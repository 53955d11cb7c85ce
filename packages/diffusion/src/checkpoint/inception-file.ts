/**
 * Reads the weights of FID's InceptionV3 from a file. Tensor names are torchvision's, as in
 * `pt_inception-2015-12-05-6726825d.pth`, or those of a saved `pytorch_fid.inception.InceptionV3`. Batch normalisation
 * is folded into the convolutions.
 */
import { describeParameters, elementCount, input, type ParameterValues, type Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { INCEPTION_SIDE, inception } from '../models/inception/inception.ts';
import { quote } from '../safetensors/header-json.ts';
import { openTensorFile } from '../tensor-file/open-tensor-file.ts';
import { readTensors } from '../tensor-file/read-tensors.ts';
import { checkShapes } from './check-shapes.ts';

/** The epsilon of batch normalisation in torchvision's BasicConv2d. */
const EPSILON = 1e-3;
/** Number of classes of FID's InceptionV3; torchvision's own InceptionV3 has 1,000 classes. */
const FID_CLASSES = 1008;
const NORMALISATION = ['bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'] as const;

/**
 * torchvision's names of the layers in pytorch-fid's blocks, in pytorch-fid's order: `blocks.0.0` is the first layer of
 * the first block.
 */
const BLOCKS: readonly (readonly string[])[] = [
  ['Conv2d_1a_3x3', 'Conv2d_2a_3x3', 'Conv2d_2b_3x3'],
  ['Conv2d_3b_1x1', 'Conv2d_4a_3x3'],
  ['Mixed_5b', 'Mixed_5c', 'Mixed_5d', 'Mixed_6a', 'Mixed_6b', 'Mixed_6c', 'Mixed_6d', 'Mixed_6e'],
  ['Mixed_7a', 'Mixed_7b', 'Mixed_7c'],
];

/**
 * Reads a file of weights, `.pth` or `.safetensors`, and returns the parameters that `inception()` asks for. Names and
 * shapes are checked before a weight is read. Throws an `InputError` for an unreadable file, a missing or misshaped
 * tensor, or the weights of another InceptionV3.
 */
export async function loadInceptionFile(path: string): Promise<ParameterValues> {
  const file = await openTensorFile(path);
  try {
    checkInception(new Map([...file.tensors].map(([name, { shape }]) => [name, shape])), path);
    const tensors = await readTensors(file, { only: isNeeded });
    return foldNormalisation(new Map([...tensors].map(([name, value]) => [torchvisionName(name), value])), path);
  } finally {
    await file.close();
  }
}

/** Checks names and shapes of the file's tensors against the network's. */
function checkInception(found: ReadonlyMap<string, Shape>, path: string): void {
  const classes = found.get('fc.weight')?.[0];
  if (classes !== undefined && classes !== FID_CLASSES) {
    throw new InputError(
      `${path}: expected FID's InceptionV3 of ${FID_CLASSES} classes (pt_inception-2015-12-05-6726825d), got one of ${classes}, whose distances are not FID`,
    );
  }
  const needed = new Map(
    [...found].filter(([name]) => isNeeded(name)).map(([name, shape]) => [torchvisionName(name), shape]),
  );
  checkShapes(needed, inceptionFileShapes(), { source: path, configPath: "FID's InceptionV3" });
}

/**
 * Whether FID's features depend on this tensor. Tensors of the classifier, the training head and the counters are not
 * needed.
 */
function isNeeded(name: string): boolean {
  return !/^(fc|AuxLogits)\.|\.num_batches_tracked$/.test(name);
}

function torchvisionName(name: string): string {
  const [, block, layer, rest] = /^blocks\.(\d+)\.(\d+)\.(.+)$/.exec(name) ?? [];
  const known = BLOCKS[Number(block)]?.[Number(layer)];
  return known === undefined ? name : `${known}.${rest}`;
}

/** Name and `<layer>.conv.weight` shape of each convolution layer, in order. */
function convolutions(): { layer: string; shape: Shape }[] {
  const pixels = input('pixels', [1, 3, INCEPTION_SIDE, INCEPTION_SIDE]);
  return describeParameters((p) => inception(p, { pixels })).flatMap(({ name, shape }) =>
    name.endsWith('.conv.weight') ? [{ layer: name.slice(0, -'.conv.weight'.length), shape }] : [],
  );
}

/** Names and shapes of the tensors that a weights file must hold. */
export function inceptionFileShapes(): Map<string, Shape> {
  return new Map(
    convolutions().flatMap(({ layer, shape }) => [
      [`${layer}.conv.weight`, shape] as const,
      ...NORMALISATION.map((part) => [`${layer}.${part}`, [shape[0]!]] as const),
    ]),
  );
}

/** Folds y = (conv(x) - mean) / sqrt(variance + epsilon) * scale + offset into one convolution with a bias. */
function foldNormalisation(tensors: ParameterValues, path: string): ParameterValues {
  const folded: ParameterValues = new Map();
  for (const { layer, shape } of convolutions()) {
    const [scale, offset, mean, variance] = NORMALISATION.map((part) => tensors.get(`${layer}.${part}`)!.data) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const { data } = tensors.get(`${layer}.conv.weight`)!;
    const taps = elementCount(shape.slice(1));
    const weight = new Float32Array(data.length);
    const bias = new Float32Array(shape[0]!);
    for (let channel = 0; channel < bias.length; channel++) {
      if (!(variance[channel]! >= 0)) {
        throw new InputError(
          `${path}: tensor ${quote(`${layer}.bn.running_var`)}: expected variances, got ${variance[channel]} at index ${channel}`,
        );
      }
      const factor = scale[channel]! / Math.sqrt(variance[channel]! + EPSILON);
      bias[channel] = offset[channel]! - mean[channel]! * factor;
      for (let i = channel * taps; i < (channel + 1) * taps; i++) weight[i] = data[i]! * factor;
    }
    folded.set(`${layer}.conv.weight`, { shape, data: weight });
    folded.set(`${layer}.conv.bias`, { shape: [shape[0]!], data: bias });
  }
  return folded;
}
