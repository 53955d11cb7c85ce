/** Formats percentages. This module imports no other module. */

/** '63.1 %' */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
