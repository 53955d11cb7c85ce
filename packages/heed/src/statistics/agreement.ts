/** Agreement of raters beyond chance, for nominal labels. Each function says whether it allows missing answers. */

/** Labels by unit: `units[u]` lists the labels of unit u, one label per rater, in any order. */
export type RatedUnits = readonly (readonly string[])[];

/**
 * Krippendorff's alpha for nominal data (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"): 1 is
 * perfect, 0 is chance. Units with fewer than two labels are ignored. Undefined when no unit has two labels, or when
 * all labels are equal.
 */
export function krippendorffAlpha(units: RatedUnits): number | undefined {
  const paired = units.filter((labels) => labels.length >= 2);
  const totals = new Map<string, number>();
  let disagreement = 0;
  for (const labels of paired) {
    const counts = countLabels(labels);
    for (const [label, count] of counts) totals.set(label, (totals.get(label) ?? 0) + count);
    let differing = labels.length ** 2;
    for (const count of counts.values()) differing -= count ** 2;
    disagreement += differing / (labels.length - 1);
  }
  const n = [...totals.values()].reduce((sum, count) => sum + count, 0);
  let expected = n ** 2;
  for (const count of totals.values()) expected -= count ** 2;
  return expected === 0 ? undefined : 1 - ((n - 1) * disagreement) / expected;
}

/**
 * Fleiss' kappa (Fleiss 1971): every unit must have the same number of labels, at least two. Undefined when there is no
 * unit, or when all labels are equal.
 */
export function fleissKappa(units: RatedUnits): number | undefined {
  const raters = units[0]?.length ?? 0;
  if (units.some((labels) => labels.length !== raters)) {
    throw new Error(`Fleiss' kappa needs ${raters} labels of every unit, some have another number`);
  }
  if (raters < 2) return undefined;
  const shares = new Map<string, number>();
  for (const label of units.flat()) shares.set(label, (shares.get(label) ?? 0) + 1 / (units.length * raters));
  const chance = [...shares.values()].reduce((sum, share) => sum + share ** 2, 0);
  const observed = rawAgreement(units)!;
  return 1 - chance < 1e-12 ? undefined : (observed - chance) / (1 - chance);
}

/**
 * The share of pairs of raters that agree, computed for each unit and averaged over units. Undefined when no unit has
 * two labels.
 */
export function rawAgreement(units: RatedUnits): number | undefined {
  const paired = units.filter((labels) => labels.length >= 2);
  if (paired.length === 0) return undefined;
  const shares = paired.map((labels) => {
    const n = labels.length;
    const same = [...countLabels(labels).values()].reduce((sum, count) => sum + count * (count - 1), 0);
    return same / (n * (n - 1));
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function countLabels(labels: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
