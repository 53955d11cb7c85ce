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

/** Scalars that ranks exchange together with the gradients, so that all ranks skip an update or stop together. */
export type ExchangedScalars = ReturnType<typeof createExchangedScalars>;

/**
 * Collects the sums of metrics since the last update, a non-finite loss if there was one, and whether a rank asks to
 * stop.
 */
export function createExchangedScalars(names: readonly string[]) {
  const sums = new Float64Array(names.length);
  let batches = 0;
  let worstLoss = 0;
  let isStopAsked = false;
  return {
    isStopAsked: () => isStopAsked,
    /**
     * Adds the metrics of each replica's batch and returns their means. A non-finite loss is kept until the next
     * update.
     */
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
    /**
     * Returns the scalars of this rank, to be summed over all ranks. `read` receives these sums and resets the scalars
     * to zero.
     */
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
 * Adds all of `parts` into the first part in tree order, then sums this part over the ranks. In a single process, the
 * tree's last addition is left to the caller. The caller adds the returned `rest` while computing the gradient norm.
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
