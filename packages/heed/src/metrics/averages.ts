/** Averages measurements between two lines of a log. */

/**
 * `add` collects named numbers, and `take` returns the mean of each number since the last `take`. A mean is over the
 * calls of `add` that gave the number.
 */
export function createAverages() {
  let sums: Record<string, { total: number; count: number }> = {};
  return {
    add(values: Readonly<Record<string, number | undefined>>) {
      for (const [name, value] of Object.entries(values)) {
        if (value === undefined) continue;
        const { total, count } = sums[name] ?? { total: 0, count: 0 };
        sums[name] = { total: total + value, count: count + 1 };
      }
    },
    take(): Record<string, number> {
      const means = Object.fromEntries(Object.entries(sums).map(([name, { total, count }]) => [name, total / count]));
      sums = {};
      return means;
    },
  };
}
