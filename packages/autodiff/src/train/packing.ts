/**
 * How the tensors of a training state lie on a device. On a device with views all of a group share a few slabs, and
 * each tensor is a part of one: the optimizer then has a few large inputs, and not four for each parameter. Elsewhere
 * each tensor is a separate buffer.
 */
import { inputName } from '../compile.ts';
import type { ParameterValues } from '../parameters.ts';
import type { DeviceTensor } from '../runtime/index.ts';
import { elementCount, input, type Shape, type Tensor } from '../tensor.ts';

export interface Packing {
  /** What lies on the device, as inputs of a graph: slabs, or the parameters themselves. */
  readonly buffers: readonly Tensor[];
  /** The numbers of a buffer; a slab is a new array. */
  pack(buffer: string, values: ParameterValues): Float32Array;
  /** Copies a buffer's numbers into the arrays of its parameters. */
  unpack(buffer: string, numbers: Float32Array, values: ParameterValues): void;
  /** The parameters' tensors in these buffers; the caller disposes of them where `areViews`. */
  parts(buffers: ReadonlyMap<string, DeviceTensor>): Map<string, DeviceTensor>;
  readonly areViews: boolean;
}

interface Place {
  readonly name: string;
  readonly slab: string;
  readonly offset: number;
  readonly shape: Shape;
}

/** CUDA's own allocations begin at such an address: 256 bytes. */
const ALIGNMENT_FLOATS = 64;
/** Kernels count elements in 32 bits. */
const MAX_SLAB_FLOATS = 2 ** 29;

/** Each parameter is a buffer. */
export function separateBuffers(trained: readonly Tensor[]): Packing {
  return {
    buffers: trained,
    areViews: false,
    pack: (name, values) => values.get(name)!.data,
    unpack: (name, numbers, values) => values.get(name)!.data.set(numbers),
    parts: (buffers) => new Map(buffers),
  };
}

/** Parameters one after another in slabs of at most `maxFloats`, or of one larger parameter. */
export function slabs(trained: readonly Tensor[], { maxFloats = MAX_SLAB_FLOATS } = {}): Packing {
  const places: Place[] = [];
  const lengths: number[] = [];
  for (const tensor of trained) {
    const length = Math.ceil(elementCount(tensor.shape) / ALIGNMENT_FLOATS) * ALIGNMENT_FLOATS;
    const used = lengths.at(-1);
    if (used === undefined || used + length > maxFloats) lengths.push(0);
    const index = lengths.length - 1;
    places.push({ name: inputName(tensor), slab: `slab ${index}`, offset: lengths[index]!, shape: tensor.shape });
    lengths[index]! += length;
  }
  const inside = (slab: string) => places.filter((place) => place.slab === slab);
  return {
    buffers: lengths.map((length, index) => input(`slab ${index}`, [length])),
    areViews: true,
    pack(slab, values) {
      // Between the parameters are zeros, and all arithmetic of the optimizer keeps them.
      const numbers = new Float32Array(lengths[Number(slab.slice('slab '.length))]!);
      for (const { name, offset } of inside(slab)) numbers.set(values.get(name)!.data, offset);
      return numbers;
    },
    unpack(slab, numbers, values) {
      for (const { name, offset } of inside(slab)) {
        const { data } = values.get(name)!;
        data.set(numbers.subarray(offset, offset + data.length));
      }
    },
    parts: (buffers) =>
      new Map(places.map(({ name, slab, offset, shape }) => [name, buffers.get(slab)!.part({ offset, shape })])),
  };
}
