/** Formats times in the browser's language. */

/** Day and time, to the minute. */
export function timeText(moment: string | number | Date): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** The day alone. */
export function dayText(moment: string | number | Date): string {
  return new Date(moment).toLocaleDateString(undefined, { dateStyle: 'medium' });
}
