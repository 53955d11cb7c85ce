/**
 * The layout of a training state's tensors on a device. On a device with views, all tensors of a group (such as the
 * weights) lie in a few large buffers, called slabs. The optimizer then has a few large inputs instead of four for each
 * parameter. On other devices each tensor has its own buffer.
 */
import { inputName } from '../compile.ts';
import type { ParameterValues } from '../parameters.ts';
import type { DeviceTensor } from '../runtime/index.ts';
import { elementCount, input, type Shape, type Tensor } from '../tensor.ts';
import type { OptimizerState } from './adamw.ts';
import { type StateGroup, stateKey } from './optimizer-graph.ts';

export interface Packing {
  /** The buffers on the device as graph inputs: slabs, or the parameters themselves. */
  readonly buffers: readonly Tensor[];
  /** The numbers of a buffer: for a slab in a new array, otherwise in the parameter's own array. */
  pack(buffer: string, values: ParameterValues): Float32Array;
  /** Copies a buffer's numbers into the arrays of the parameters that lie in the buffer. */
  unpack(buffer: string, numbers: Float32Array, values: ParameterValues): void;
  /**
   * Returns each parameter's tensor: a part of one of these buffers, or a whole buffer. If `areViews`, the caller
   * disposes of the parts.
   */
  parts(buffers: ReadonlyMap<string, DeviceTensor>): Map<string, DeviceTensor>;
  readonly areViews: boolean;
}

interface Place {
  readonly name: string;
  readonly slab: string;
  readonly offset: number;
  readonly shape: Shape;
}

const GROUPS: readonly StateGroup[] = ['parameters', 'firstMoment', 'secondMoment', 'ema'];

export interface StateEntry {
  readonly group: StateGroup;
  readonly buffer: string;
  readonly shape: Shape;
  /** The buffer's name in the optimizer's graph. */
  readonly key: string;
}

/** The buffers of a training state, by group. */
export function stateEntries({ buffers }: Packing, state: OptimizerState): StateEntry[] {
  return GROUPS.filter((group) => state[group] !== undefined).flatMap((group) =>
    buffers.map((tensor) => {
      const buffer = inputName(tensor);
      return { group, buffer, shape: tensor.shape, key: stateKey(group, buffer) };
    }),
  );
}

/** Alignment of parameters: 256 bytes, as in CUDA's allocations. */
const ALIGNMENT_FLOATS = 64;
/** Largest size of a slab in float32 numbers, because kernels index elements with 32 bits. */
const MAX_SLAB_FLOATS = 2 ** 29;

/** A layout in which each parameter is a separate buffer. */
export function separateBuffers(trained: readonly Tensor[]): Packing {
  return {
    buffers: trained,
    areViews: false,
    pack: (name, values) => values.get(name)!.data,
    unpack: (name, numbers, values) => values.get(name)!.data.set(numbers),
    parts: (buffers) => new Map(buffers),
  };
}

/** A layout of parameters in slabs of at most `maxFloats`. A larger parameter gets its own slab. */
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
      // The gaps between parameters are zeros, and the optimizer's arithmetic keeps them zero.
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
