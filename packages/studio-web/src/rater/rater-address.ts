/** The address of a rater's page. */
export function raterAddress(id: string): string {
  return `/rater?id=${encodeURIComponent(id)}`;
}
