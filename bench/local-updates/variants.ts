/**
 * Data-parallel training in which ranks exchange gradients every update, or train alone for H updates and then exchange
 * weights (local SGD; DiLoCo, Douillard et al. 2023, arXiv 2311.08105). All ranks live in this process.
 */
import type { ParameterValues } from '@heed/diffusion/autodiff';

/** When and how ranks exchange. */
export type Variant =
  | { readonly kind: 'gradients' }
  /** Weights become the ranks' mean. */
  | { readonly kind: 'mean'; readonly updates: number }
  /** An outer step of Nesterov's momentum along the mean change of the weights. */
  | { readonly kind: 'diloco'; readonly updates: number };

/** The paper's outer optimizer. */
const OUTER_LEARNING_RATE = 0.7;
const OUTER_MOMENTUM = 0.9;

export const VARIANTS: readonly Variant[] = [
  { kind: 'gradients' },
  { kind: 'mean', updates: 32 },
  ...[1, 8, 32].map((updates): Variant => ({ kind: 'diloco', updates })),
];

export function describeVariant(variant: Variant): string {
  if (variant.kind === 'gradients') return 'gradients, every update';
  const every = variant.updates === 1 ? 'every update' : `every ${variant.updates} updates`;
  return `${variant.kind === 'mean' ? 'mean of weights' : 'DiLoCo'}, ${every}`;
}

/** Returns the function that exchanges the ranks' weights, in place; called after every `updates`-th update. */
export function createOuterStep(variant: Exclude<Variant, { kind: 'gradients' }>, ranks: readonly ParameterValues[]) {
  const isMean = variant.kind === 'mean';
  const [rate, momentum] = isMean ? [1, 0] : [OUTER_LEARNING_RATE, OUTER_MOMENTUM];
  const copies = () => [...ranks[0]!].map(([name, { data }]) => [name, data.slice()] as const);
  const start = new Map(copies());
  const velocity = new Map([...start].map(([name, data]) => [name, new Float32Array(data.length)]));
  return () => {
    for (const [name, from] of start) {
      const own = ranks.map((weights) => weights.get(name)!.data);
      const speed = velocity.get(name)!;
      for (let i = 0; i < from.length; i++) {
        const change = from[i]! - own.reduce((sum, data) => sum + data[i]!, 0) / own.length;
        speed[i] = momentum * speed[i]! + change;
        from[i] = from[i]! - rate * (change + momentum * speed[i]!);
      }
      for (const data of own) data.set(from);
    }
  };
}
