/** Formats counts on the owner's pages. */

/** 4800 as '4,800'. */
export function countText(count: number): string {
  return count.toLocaleString('en');
}
