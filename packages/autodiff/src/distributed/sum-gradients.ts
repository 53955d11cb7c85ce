/** Sums gradients and metrics over replicas and ranks for an update. */
import type { Metrics } from '../train/training-contract.ts';
import type { Communicator } from './communicator.ts';
import { addInto, treeSum } from './tree-sum.ts';

/** Gradients by parameter name. */
export type Gradients = ReadonlyMap<string, Float32Array>;

/** `into += from`, parameter by parameter. */
export function addGradients(into: Gradients, from: Gradients): void {
  for (const [name, data] of into) addInto(data, from.get(name)!);
}

/** Scalars that are exchanged with the gradients, so that all ranks skip and stop together. */
export type ExchangedScalars = ReturnType<typeof createExchangedScalars>;

/** Sums of metrics since the last update, the worst loss, and whether a rank asks to stop. */
export function createExchangedScalars(names: readonly string[]) {
  const sums = new Float64Array(names.length);
  let batches = 0;
  let worstLoss = 0;
  let isStopAsked = false;
  return {
    isStopAsked: () => isStopAsked,
    /** Adds the metrics of each replica's batch and returns their means. A non-finite loss is kept as the worst. */
    add(replicas: readonly ((name: string) => number)[]): Metrics {
      const means: Record<string, number> = {};
      for (const [i, name] of names.entries()) {
        const values = replicas.map((metricOf) => metricOf(name));
        treeSum(values.length, (into, from) => {
          values[into] = values[into]! + values[from]!;
        });
        sums[i] = sums[i]! + values[0]!;
        means[name] = values[0]! / replicas.length;
      }
      batches += replicas.length;
      if (!Number.isFinite(means.loss)) worstLoss = means.loss!;
      return means as Metrics;
    },
    /** Writes the scalars to sum over the ranks. `read` takes the sums and resets to zero. */
    write: (stop: boolean) => Float64Array.of(...sums, worstLoss, stop ? 1 : 0),
    read(total: Float64Array, ranks: number): { metrics: Metrics; loss: number } {
      const metrics = Object.fromEntries(names.map((name, i) => [name, total[i]! / (batches * ranks)]));
      const loss = total[names.length]!;
      if (total[names.length + 1]! > 0) isStopAsked = true;
      sums.fill(0);
      batches = 0;
      worstLoss = 0;
      return { metrics: metrics as Metrics, loss };
    },
  };
}

/**
 * Adds `parts` into the first one in tree order, then sums over the ranks. In a single process, the tree's last part is
 * returned as `rest`; the caller adds it while computing the norm.
 */
export async function sumParts(
  parts: readonly Gradients[],
  options: { communicator: Communicator; exchanged: ExchangedScalars; stop: boolean },
): Promise<{ rest: Gradients[]; metrics: Metrics; loss: number }> {
  const { communicator, exchanged, stop } = options;
  const additions: (readonly [into: number, from: number])[] = [];
  treeSum(parts.length, (into, from) => additions.push([into, from]));
  const last = communicator.size === 1 ? additions.pop() : undefined;
  for (const [into, from] of additions) addGradients(parts[into]!, parts[from]!);
  const scalars = exchanged.write(stop);
  await communicator.sum([...parts[0]!.values()], scalars);
  return { rest: last ? [parts[last[1]]!] : [], ...exchanged.read(scalars, communicator.size) };
}
