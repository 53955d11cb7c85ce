/** How fast the machine is that a benchmark ran on, in two figures that compare with other machines. */
import { measureRates } from '@heed/diffusion/autodiff';

const COPIED_BYTES = 2 ** 28;
const REPEATS = 5;

/** GFLOP/s of large matrix products in float32 on all cores, and GB/s that one thread copies: the best of a few. */
export async function machineSpeed(): Promise<{ gflops: number; copyGBs: number }> {
  const { flops } = await measureRates();
  const [from, to] = [Buffer.alloc(COPIED_BYTES, 1), Buffer.alloc(COPIED_BYTES, 2)];
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const begin = performance.now();
    from.copy(to);
    leastMs = Math.min(leastMs, performance.now() - begin);
  }
  return { gflops: Math.round(flops.matmul / 1e9), copyGBs: Math.round(COPIED_BYTES / leastMs / 1e5) / 10 };
}
