/**
 * The reverse pass: builds symbolic gradients of a scalar loss, and recomputes checkpointed blocks. This module only
 * builds graph nodes and computes no values. `lower.ts` decides the order of execution.
 */
import { add } from './ops/elementwise.ts';
import {
  constant,
  describeTensor,
  elementCount,
  type GradientForm,
  inSegment,
  sameShape,
  type Tensor,
} from './tensor.ts';

/**
 * Returns dL/d(target) for each target (reverse mode; Griewank and Walther 2008, chapter 3). Throws when the loss is no
 * scalar or does not depend on a target.
 */
export function gradients(
  loss: Tensor,
  targets: readonly Tensor[],
  form: GradientForm = { fewNodes: false },
): Tensor[] {
  if (elementCount(loss.shape) !== 1) throw new Error(`loss: expected a scalar, got ${describeTensor(loss)}`);
  const order = ancestors(loss).sort((a, b) => b.id - a.id);
  const useful = dependents(order, new Set(targets.map((target) => target.id)));
  const adjoint = new Map<number, Tensor>([[loss.id, constant(new Float32Array([1]), loss.shape)]]);
  const recompute = createRecomputation();
  for (const tensor of order) {
    const gradient = adjoint.get(tensor.id);
    if (gradient === undefined || tensor.source.kind !== 'op' || !useful.has(tensor.id)) continue;
    const { node } = tensor.source;
    const inBlock = tensor.segment !== undefined;
    const primals = inBlock ? node.inputs.map((x) => recompute(x, tensor.segment)) : node.inputs;
    const contributions = node.vjp(primals, inBlock ? recompute(tensor, tensor.segment) : tensor, gradient, form);
    node.inputs.forEach((x, i) => {
      const contribution = contributions[i];
      if (!contribution || !useful.has(x.id)) return;
      if (!sameShape(contribution.shape, x.shape)) {
        throw new Error(
          `gradient rule of ${node.name}: expected the shape of ${describeTensor(x)}, got ${describeTensor(contribution)}`,
        );
      }
      const sofar = adjoint.get(x.id);
      adjoint.set(x.id, sofar ? add(sofar, contribution) : contribution);
    });
  }
  return targets.map((target) => {
    const gradient = adjoint.get(target.id);
    if (!gradient)
      throw new Error(`${describeTensor(target)}: expected it to influence the loss, but no path leads there`);
    return gradient;
  });
}

/**
 * Runs `fn` as a checkpointed block (Chen et al. 2016): its inner values are not kept for the reverse pass but
 * computed again from `inputs`.
 */
export function checkpoint<T extends Tensor | readonly Tensor[]>(
  fn: (...inputs: Tensor[]) => T,
  ...inputs: Tensor[]
): T {
  return inSegment(() => fn(...inputs));
}

/** Returns all tensors that any of `roots` is computed from, including the roots. */
export function ancestors(...roots: Tensor[]): Tensor[] {
  const seen = new Map<number, Tensor>();
  const stack = [...roots];
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    if (seen.has(tensor.id)) continue;
    seen.set(tensor.id, tensor);
    if (tensor.source.kind === 'op') stack.push(...tensor.source.node.inputs);
  }
  return [...seen.values()];
}

/** Returns the ids of the tensors in `descending` that depend on a target. */
function dependents(descending: readonly Tensor[], targets: ReadonlySet<number>): Set<number> {
  const useful = new Set(targets);
  for (const tensor of [...descending].reverse()) {
    if (tensor.source.kind === 'op' && tensor.source.node.inputs.some((x) => useful.has(x.id))) useful.add(tensor.id);
  }
  return useful;
}

/** Returns a function that copies nodes of a checkpointed block on demand; values from outside the block are reused. */
function createRecomputation(): (tensor: Tensor, segment: number | undefined) => Tensor {
  const copies = new Map<number, Tensor>();
  const copy = (tensor: Tensor, segment: number | undefined): Tensor => {
    if (tensor.segment !== segment || tensor.source.kind !== 'op') return tensor;
    const known = copies.get(tensor.id);
    if (known) return known;
    const { node } = tensor.source;
    const made = node.reapply(node.inputs.map((x) => copy(x, segment)));
    copies.set(tensor.id, made);
    return made;
  };
  return copy;
}
