/**
 * Estimates the strengths of models from paired comparisons (Bradley and Terry 1952): P(i is preferred to j) = 1 / (1 +
 * exp(s_j - s_i)). A tie counts as half a win for each of the two models. A weak normal prior keeps the strength of a
 * model that always wins finite.
 */

/** Prior variance of each strength. A difference of 3 means a win in 95 % of comparisons. */
const PRIOR_VARIANCE = 10;
const MAX_ITERATIONS = 100;
const TOLERANCE = 1e-12;

export interface BradleyTerry {
  /** Strength of each model in log odds; the mean over all models is 0. */
  readonly strengths: readonly number[];
  /** Covariance of the uncentred strengths, by Laplace's approximation at the mode. */
  readonly covariance: readonly (readonly number[])[];
}

/**
 * Fits by Newton's method. `wins[i][j]` is how often i was preferred to j. `underWay[i][j]`, symmetric, counts
 * comparisons without an answer yet: they reduce the covariance but do not change strengths. `start` is an initial
 * guess.
 */
export function fitBradleyTerry(
  wins: readonly (readonly number[])[],
  options: { priorVariance?: number; underWay?: readonly (readonly number[])[]; start?: readonly number[] } = {},
): BradleyTerry {
  const { priorVariance = PRIOR_VARIANCE, underWay, start } = options;
  const count = wins.length;
  let strengths = [...(start ?? new Array<number>(count).fill(0))];
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const gradient = strengths.map((own, i) =>
      strengths.reduce((sum, other, j) => {
        const [won, lost] = [wins[i]![j]!, wins[j]![i]!];
        return sum + won - (won + lost) * winShare(own - other);
      }, -own / priorVariance),
    );
    const inverse = inverseOf(precisionOf(wins, strengths, priorVariance));
    const step = inverse.map((row) => row.reduce((sum, value, j) => sum + value * gradient[j]!, 0));
    strengths = strengths.map((strength, i) => strength + step[i]!);
    if (Math.max(...step.map(Math.abs)) < TOLERANCE) break;
  }
  const all = wins.map((row, i) => row.map((won, j) => won + (underWay ? underWay[i]![j]! / 2 : 0)));
  const mean = strengths.reduce((sum, strength) => sum + strength, 0) / Math.max(1, count);
  return {
    strengths: strengths.map((strength) => strength - mean),
    covariance: inverseOf(precisionOf(all, strengths, priorVariance)),
  };
}

/** Probability that a model wins against one that is weaker by `difference`. */
export function winShare(difference: number): number {
  return 1 / (1 + Math.exp(-difference));
}

/**
 * Expected information, in nats, of the next comparison of i and j: the mutual information of its outcome and the
 * difference of their strengths. Sources: Lindley 1956; for this model Mikhailiuk et al. 2020 (arXiv 2004.05691). The
 * posterior of the difference is normal. The integral is a sum over 61 points within six standard deviations.
 */
export function expectedInformation({ strengths, covariance }: BradleyTerry, i: number, j: number): number {
  const mean = strengths[i]! - strengths[j]!;
  const deviation = Math.sqrt(Math.max(0, covariance[i]![i]! + covariance[j]![j]! - 2 * covariance[i]![j]!));
  let [total, share, entropy] = [0, 0, 0];
  for (let k = -30; k <= 30; k++) {
    const z = k / 5;
    const weight = Math.exp((-z * z) / 2);
    const p = winShare(mean + deviation * z);
    total += weight;
    share += weight * p;
    entropy += weight * binaryEntropy(p);
  }
  return binaryEntropy(share / total) - entropy / total;
}

function binaryEntropy(p: number): number {
  const term = (q: number) => (q <= 0 ? 0 : -q * Math.log(q));
  return term(p) + term(1 - p);
}

/** The negative second derivatives of the log posterior. */
function precisionOf(
  wins: readonly (readonly number[])[],
  strengths: readonly number[],
  priorVariance: number,
): number[][] {
  const precision = strengths.map((_, i) => strengths.map((__, j) => (i === j ? 1 / priorVariance : 0)));
  for (const [i, own] of strengths.entries()) {
    for (const [j, other] of strengths.entries()) {
      if (i === j) continue;
      const p = winShare(own - other);
      const weight = (wins[i]![j]! + wins[j]![i]!) * p * (1 - p);
      precision[i]![i]! += weight;
      precision[i]![j]! -= weight;
    }
  }
  return precision;
}

/**
 * Inverts a symmetric positive definite matrix by Gauss-Jordan elimination, which needs no pivots for such matrices.
 */
function inverseOf(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let k = 0; k < size; k++) {
    const pivot = rows[k]![k]!;
    rows[k] = rows[k]!.map((value) => value / pivot);
    for (let i = 0; i < size; i++) {
      const factor = rows[i]![k]!;
      if (i !== k && factor !== 0) rows[i] = rows[i]!.map((value, j) => value - factor * rows[k]![j]!);
    }
  }
  return rows.map((row) => row.slice(size));
}
