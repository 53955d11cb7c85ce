/**
 * LoRA (Hu et al. 2021, equation 3): (alpha / rank) B A x is added to a layer's output, with A and B of low rank. The
 * layer's own weight is frozen. The parameter scope carries the LoRA: only `models/layers.ts` reads it, and the
 * networks' own code is unchanged. Convolutions follow LoCon: A has the layer's kernel, B is 1 x 1.
 */

import type { Initializer, ParameterScope, Shape, Tensor } from '@heed/autodiff';
import { InputError } from '../errors.ts';

/**
 * `attention` means the projections of self- and cross-attention. `all` means every linear and convolution layer inside
 * the blocks.
 */
export type LoraLayers = 'attention' | 'all';

export interface LoraOptions {
  readonly rank: number;
  /** The update is scaled by alpha / rank, so that alpha = rank leaves the update unscaled. */
  readonly alpha: number;
  readonly layers: LoraLayers;
}

/** Patterns for the paths of the modules that get a LoRA (a path is the weight's name without `.weight`). */
const TARGETS: Readonly<Record<LoraLayers, RegExp>> = {
  attention: /\.attn[12]\.to_(q|k|v|out\.0)$/,
  // As kohya's LoCon: not the first and last convolution, nor the time embedding.
  all: /^(down_blocks|mid_block|up_blocks)\./,
};

/** Names of the two factors within a module, as in kohya's scripts. */
export const LORA_DOWN = 'lora_down.weight';
export const LORA_UP = 'lora_up.weight';

interface LowRank {
  readonly options: LoraOptions;
  readonly path: string;
}

interface LowRankScope extends ParameterScope {
  readonly lowRank: LowRank;
}

/** Whether the option `layers` includes the U-Net's module `path`. */
function isLoraTarget(path: string, layers: LoraLayers): boolean {
  return TARGETS[layers].test(path);
}

/** True for the name of a low-rank factor. */
export function isLoraParameter(name: string): boolean {
  return name.endsWith(`.${LORA_DOWN}`) || name.endsWith(`.${LORA_UP}`);
}

/**
 * Returns a parameter scope in which the layers that `options` select have low-rank factors besides their own weights.
 * Throws for an impossible rank or alpha.
 */
export function withLora(p: ParameterScope, options: LoraOptions): ParameterScope {
  const { rank, alpha } = options;
  if (!Number.isInteger(rank) || rank < 1) throw new InputError(`LoRA: expected a rank of at least 1, got ${rank}`);
  if (!(alpha > 0 && Number.isFinite(alpha))) throw new InputError(`LoRA: expected alpha above 0, got ${alpha}`);
  return scopeAt(p, { options, path: '' });
}

function scopeAt(p: ParameterScope, { options, path }: LowRank): LowRankScope {
  return {
    get: (name, shape, init) => p.get(name, shape, init),
    at: (prefix) => scopeAt(p.at(prefix), { options, path: path === '' ? prefix : `${path}.${prefix}` }),
    lowRank: { options, path },
  };
}

/**
 * The factors of the layer with scope `p`; undefined when the layer has none. Factor A starts random and factor B zero,
 * so that the output is unchanged at first.
 */
export function lowRankFactors(
  p: ParameterScope,
  weightShape: Shape,
): { down: Tensor; up: Tensor; scale: number } | undefined {
  if (!isLowRankScope(p)) return undefined;
  const { options, path } = p.lowRank;
  if (!isLoraTarget(path, options.layers)) return undefined;
  const { rank, alpha } = options;
  const { down, up } = factorShapes(weightShape, rank);
  const zero: Initializer = { kind: 'constant', value: 0 };
  return { down: p.get(LORA_DOWN, down), up: p.get(LORA_UP, up, zero), scale: alpha / rank };
}

/** Shapes of A and B for a weight [out, in] or [out, in, k, k]. */
export function factorShapes(weight: Shape, rank: number): { down: Shape; up: Shape } {
  const [out, inside, ...kernel] = weight as [number, number, ...number[]];
  return { down: [rank, inside, ...kernel], up: [out, rank, ...kernel.map(() => 1)] };
}

function isLowRankScope(p: ParameterScope): p is LowRankScope {
  return 'lowRank' in p;
}
