/** Whether heed and its peer computed the same: named tensors, compared by relative difference. */
import type { ParameterValues } from '@heed/diffusion/autodiff';

export interface Agreement {
  /** The tensor's name. */
  name: string;
  /** |ours - theirs| / |theirs|, Euclidean norms over all elements. */
  difference: number;
  tolerance: number;
  agrees: boolean;
}

/**
 * Compares every tensor; `tolerances` are found by the start of its name. Throws one sentence when one side lacks a
 * tensor or has another shape.
 */
export function compareTensors(
  ours: ParameterValues,
  theirs: ParameterValues,
  tolerances: Readonly<Record<string, number>>,
): Agreement[] {
  const missing = [...theirs.keys()].find((name) => !ours.has(name));
  if (missing !== undefined) throw new Error(`${missing}: expected it from both sides, got it from PyTorch alone`);
  return [...ours].map(([name, { shape, data }]) => {
    const other = theirs.get(name);
    if (other === undefined) throw new Error(`${name}: expected it from both sides, got it from heed alone`);
    if (other.shape.join() !== shape.join()) {
      throw new Error(`${name}: expected one shape on both sides, got [${shape}] and [${other.shape}]`);
    }
    const [, tolerance] = Object.entries(tolerances).find(([start]) => name.startsWith(start)) ?? [];
    if (tolerance === undefined) throw new Error(`${name}: expected a tolerance, got none`);
    const difference = relativeDifference(data, other.data);
    return { name, difference, tolerance, agrees: difference <= tolerance };
  });
}

function relativeDifference(ours: Float32Array, theirs: Float32Array): number {
  let [apart, size] = [0, 0];
  for (let i = 0; i < ours.length; i++) {
    apart += (ours[i]! - theirs[i]!) ** 2;
    size += theirs[i]! ** 2;
  }
  return apart === 0 ? 0 : Math.sqrt(apart / size);
}
