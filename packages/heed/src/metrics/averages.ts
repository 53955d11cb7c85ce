/** Running means between two lines of a log. */

/** Means of named numbers since they were last taken, each over the times it was given. */
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
