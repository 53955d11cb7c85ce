/** Running means between two lines of a log. */

/** Means of named numbers since they were last taken. */
export function createAverages() {
  let sums: Record<string, number> = {};
  let count = 0;
  return {
    add(values: Readonly<Record<string, number>>) {
      for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + value;
      count += 1;
    },
    take(): Record<string, number> {
      const means = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / Math.max(1, count)]));
      sums = {};
      count = 0;
      return means;
    },
  };
}
