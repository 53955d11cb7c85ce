/** One update of every tuning method: the same images, all weights of the tiny model or a LoRA at full size. */
import { DEFAULT_METHOD, METHOD_NAMES, type MethodName } from '../../packages/heed/src/config/index.ts';
import type { Benchmark } from '../benchmarks.ts';

/** By this name `--only` asks for them. */
export const METHODS_BENCHMARK = 'methods';

const TINY = { batchSize: 16, loraRank: 0 };
/** A pair is two images. */
const FULL_SIZE = { batchSize: 2, loraRank: 8 };

/** Equation 2 first: the others are measured beside it. */
export function methodBenchmarks({ isFullSize }: { isFullSize: boolean }): Benchmark<'method-update'>[] {
  const size = isFullSize ? FULL_SIZE : TINY;
  const names: MethodName[] = [DEFAULT_METHOD, ...METHOD_NAMES.filter((name) => name !== DEFAULT_METHOD)];
  return names.map((method) => ({
    name: method,
    kind: 'method-update',
    settings: { ...size, method },
    unit: isFullSize
      ? `update of a LoRA of rank ${size.loraRank} of Stable Diffusion 1.5 with ${size.batchSize} images of 64 x 64 latents`
      : `update of the tiny model with ${size.batchSize} images`,
    repeats: isFullSize ? 1 : 4,
    targets: {},
    tolerances: {},
  }));
}
