/**
 * Sums in the order of a balanced tree: ((0 + 1) + (2 + 3)) + ... over the indices of the parts. For powers of two the
 * tree of R x A parts is the tree of R sums of A parts each. The sum therefore has the same bits, however the parts are
 * spread over processes.
 */
import { BLOCK, optimizerKernels } from '../wasm/optimizer-kernels.ts';

/** Calls `add(into, from)` for each addition, in order; the sum ends in part 0. */
export function treeSum(parts: number, add: (into: number, from: number) => void): void {
  for (let stride = 1; stride < parts; stride *= 2) {
    for (let into = 0; into + stride < parts; into += 2 * stride) add(into, into + stride);
  }
}

/** `into[i] += from[i]` in float32. */
export function addInto(into: Float32Array, from: Float32Array): void {
  const kernels = optimizerKernels();
  const { gradient: total, parameter: addend } = kernels.slots;
  for (let start = 0; start < into.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, into.length);
    const block = into.subarray(start, end);
    total.set(block);
    addend.set(from.subarray(start, end));
    kernels.add(end - start);
    block.set(total.subarray(0, end - start));
  }
}
