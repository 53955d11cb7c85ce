/**
 * Sums arrays over all ranks in a fixed order. Every rank receives one chunk of the arrays from all ranks, sums the
 * chunk in tree order and sends the sum to all ranks. With R ranks, each rank transfers 2 (R - 1) / R times the arrays'
 * bytes, as in a ring all-reduce. The order of the additions does not depend on the MPI library.
 */
import { fromBfloat16, toBfloat16 } from './bfloat16.ts';
import { addInto, treeSum } from './tree-sum.ts';

/** Sends bytes between the ranks. Buffers with a part for each rank have `size` parts of equal length. */
export interface Transport {
  readonly rank: number;
  readonly size: number;
  /** Sends part r of `send` to rank r; part s of `receive` comes from rank s. */
  allToAll(send: ArrayBufferView, receive: ArrayBufferView): Promise<void>;
  /** Sends all of `send` to every rank; part s of `receive` comes from rank s. */
  allGather(send: ArrayBufferView, receive: ArrayBufferView): Promise<void>;
}

/**
 * Type of the numbers that ranks transfer: float32, or bfloat16 (rounded to nearest even) at half the bytes. The ranks
 * add in float32 in both cases.
 */
export type ExchangeType = 'float32' | 'bfloat16';

/**
 * Number of values exchanged at once: 64 MiB of float32. This number limits the memory that the exchange needs in
 * addition to the gradients.
 */
export const BUCKET_LENGTH = 16 << 20;

export interface ExchangeOptions {
  readonly type?: ExchangeType | undefined;
  readonly bucketLength?: number | undefined;
}

/**
 * Returns a function that replaces arrays by their sums over all ranks. The returned function reuses its buffers in the
 * next call.
 */
export function createExchange(transport: Transport, options: ExchangeOptions = {}) {
  const { type = 'float32', bucketLength = BUCKET_LENGTH } = options;
  let bucket: Bucket | undefined;
  return async (arrays: readonly Float32Array[]): Promise<void> => {
    const total = arrays.reduce((sum, { length }) => sum + length, 0);
    if (total === 0) return;
    const chunk = Math.ceil(Math.min(total, bucketLength) / transport.size);
    if (bucket?.chunk !== chunk) bucket = BUCKETS[type](chunk, transport.size);
    for (let start = 0; start < total; start += chunk * transport.size) {
      const pieces = piecesOf(arrays, start, Math.min(start + chunk * transport.size, total));
      await sumBucket(transport, bucket, pieces);
    }
  };
}

/** Buffers for summing up to `BUCKET_LENGTH` values: one chunk for each rank. */
interface Bucket {
  /** Number of values in the chunk that one rank sums. */
  readonly chunk: number;
  readonly values: Float32Array;
  readonly received: Wire;
  /** Receives all ranks' sums. */
  readonly gathered: Wire;
  /**
   * Converts float32 values to the type that ranks transfer; `decode` converts back. If both types are equal, the array
   * itself is returned.
   */
  encode(values: Float32Array): Wire;
  decode(wire: Wire): Float32Array;
}

type Wire = Float32Array | Uint16Array;

const BUCKETS: Readonly<Record<ExchangeType, (chunk: number, size: number) => Bucket>> = {
  float32(chunk, size) {
    const values = new Float32Array(chunk * size);
    const received = new Float32Array(chunk * size);
    const same = (array: Wire) => array as Float32Array;
    // When the sums arrive, the sent buffer is free and can hold them. This saves memory and copies.
    return { chunk, values, received, gathered: values, encode: same, decode: same };
  },
  bfloat16(chunk, size) {
    const values = new Float32Array(chunk * size);
    const sent = new Uint16Array(chunk * size);
    const received = new Uint16Array(chunk * size);
    return {
      chunk,
      values,
      received,
      gathered: received,
      encode(numbers) {
        const bits = sent.subarray(0, numbers.length);
        toBfloat16(numbers, bits);
        return bits;
      },
      decode(wire) {
        fromBfloat16(wire as Uint16Array, values);
        return values;
      },
    };
  },
};

async function sumBucket(transport: Transport, bucket: Bucket, pieces: readonly Float32Array[]): Promise<void> {
  const { chunk, values, received, gathered, encode, decode } = bucket;
  const filled = copyIn(values, pieces);
  // Values of an earlier bucket past the end could be NaN, and would be summed.
  values.fill(0, filled);
  await transport.allToAll(encode(values), received);
  const numbers = decode(received);
  const part = (rank: number) => numbers.subarray(rank * chunk, (rank + 1) * chunk);
  treeSum(transport.size, (into, from) => addInto(part(into), part(from)));
  await transport.allGather(encode(part(0)), gathered);
  copyOut(decode(gathered), pieces);
}

/** Returns the parts of `arrays` that lie in [start, end) of the concatenated arrays. */
function piecesOf(arrays: readonly Float32Array[], start: number, end: number): Float32Array[] {
  const pieces: Float32Array[] = [];
  let offset = 0;
  for (const array of arrays) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, array.length);
    if (from < to) pieces.push(array.subarray(from, to));
    offset += array.length;
  }
  return pieces;
}

function copyIn(values: Float32Array, pieces: readonly Float32Array[]): number {
  let offset = 0;
  for (const piece of pieces) {
    values.set(piece, offset);
    offset += piece.length;
  }
  return offset;
}

function copyOut(values: Float32Array, pieces: readonly Float32Array[]): void {
  let offset = 0;
  for (const piece of pieces) {
    piece.set(values.subarray(offset, offset + piece.length));
    offset += piece.length;
  }
}
