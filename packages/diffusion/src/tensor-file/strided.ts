/** Reads a strided view of numbers in a file as float32, row by row, through a window of bounded size. */
import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { decoderOf, type ElementType, isNumberType, type NumberType } from '../safetensors/element-type.ts';
import { readBytes } from './read-bytes.ts';

/** Window size: large enough to make system calls negligible, and small in memory. */
const WINDOW_BYTES = 4 * 1024 * 1024;

export interface StridedView {
  readonly type: ElementType;
  /** Offset in the file of the storage's element 0. */
  readonly begin: number;
  /** Offset of the view's first element in the storage; in elements, like the strides. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly bigEndian?: boolean | undefined;
}

interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the view into `target`, which has as many elements. The view must have been checked against its storage. Throws
 * an `InputError` that begins with `source` for a type that cannot be decoded, and where the file ends too early.
 */
export async function readStrided(
  file: FileHandle,
  view: StridedView,
  { target, source }: { target: Float32Array; source: string },
): Promise<void> {
  const { type } = view;
  if (!isNumberType(type)) throw new InputError(`${source}: expected numbers that heed can read, got ${type}`);
  if (target.length === 0) return;
  const axes = axesInStorageOrder(view);
  const inner = axes.pop() ?? { size: 1, from: 1, to: 1 };
  const read = windowReader(file, { ...view, type, source });
  if (inner.from === 1 && inner.to === 1) {
    await forEachIndex(axes, (from, to) => read.range(view.offset + from, target.subarray(to, to + inner.size)));
    return;
  }
  await forEachIndex(axes, async (from, to) => {
    for (let i = 0; i < inner.size; i++) {
      const at = view.offset + from + i * inner.from;
      // Waiting for each number would take longer than reading it.
      if (!read.holds(at)) await read.move(at);
      target[to + i * inner.to] = read.at(at);
    }
  });
}

/** Axes by decreasing stride, so that the file is read forwards. Contiguous axes are merged. */
function axesInStorageOrder({ shape, strides }: StridedView): Axis[] {
  let to = 1;
  const axes: Axis[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) axes.push({ size: shape[axis]!, from: strides[axis]!, to });
    to *= shape[axis]!;
  }
  axes.sort((a, b) => a.from - b.from || a.to - b.to);
  const merged: Axis[] = [];
  for (const axis of axes) {
    const last = merged.at(-1);
    if (last && axis.from === last.from * last.size && axis.to === last.to * last.size)
      merged[merged.length - 1] = { ...last, size: last.size * axis.size };
    else merged.push(axis);
  }
  return merged.reverse();
}

async function forEachIndex(
  axes: readonly Axis[],
  visit: (from: number, to: number) => Promise<void>,
  from = 0,
  to = 0,
): Promise<void> {
  const [axis, ...rest] = axes;
  if (axis === undefined) return visit(from, to);
  for (let i = 0; i < axis.size; i++) await forEachIndex(rest, visit, from + i * axis.from, to + i * axis.to);
}

function windowReader(
  file: FileHandle,
  { type, begin, offset, shape, strides, bigEndian, source }: StridedView & { type: NumberType; source: string },
) {
  const { bytes, decode } = decoderOf(type);
  const end = offset + 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
  const windowSize = Math.min(WINDOW_BYTES / bytes, end - offset);
  const raw = new Uint8Array(windowSize * bytes);
  let numbers = new Float32Array(0);
  let first = 0;
  let count = 0;

  async function load(at: number, target: Float32Array): Promise<void> {
    const part = raw.subarray(0, target.length * bytes);
    await readBytes(file, part, { position: begin + at * bytes, source });
    if (bigEndian) swapBytes(part, bytes);
    decode(part, target);
  }
  return {
    /** Reads consecutive elements, bypassing the window. */
    async range(at: number, target: Float32Array): Promise<void> {
      if (target.length * 4 < windowSize) {
        // Short runs share a window.
        if (!(at >= first && at + target.length <= first + count)) await this.move(at);
        target.set(numbers.subarray(at - first, at - first + target.length));
        return;
      }
      for (let done = 0; done < target.length; done += windowSize)
        await load(at + done, target.subarray(done, Math.min(target.length, done + windowSize)));
    },
    holds: (at: number) => at >= first && at < first + count,
    at: (at: number) => numbers[at - first]!,
    async move(at: number): Promise<void> {
      if (numbers.length === 0) numbers = new Float32Array(windowSize);
      first = at;
      count = Math.min(windowSize, end - at);
      await load(at, numbers.subarray(0, count));
    },
  };
}

function swapBytes(part: Uint8Array, bytes: number): void {
  const buffer = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  if (bytes === 2) buffer.swap16();
  if (bytes === 4) buffer.swap32();
  if (bytes === 8) buffer.swap64();
}
