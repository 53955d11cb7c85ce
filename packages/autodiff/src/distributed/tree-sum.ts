/**
 * Sums in the order of a balanced tree: ((0 + 1) + (2 + 3)) + ... over the indices of the parts. If R and A are powers
 * of two, summing R x A parts equals summing A parts on each of R ranks, then summing the ranks' results. The sum
 * therefore has the same bits, however the parts are divided among processes.
 */
import { BLOCK, optimizerKernels } from '../wasm/optimizer-kernels.ts';

/** Calls `add(into, from)` for each addition, in tree order; the sum of all parts ends in part 0. */
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
