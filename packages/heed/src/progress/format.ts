/** Formats a progress line: durations, rates, figures and the bar. Writes nothing anywhere. */
import type { ProgressFields } from './progress.ts';

/** '07:05', '1:07:05'. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
}

/** Formats a rate: '3.2 image/s', or '2.5 s/image' for less than one a second. */
export function formatRate(perSecond: number | undefined, unit: string): string {
  const name = unit === '' ? 'it' : unit;
  if (perSecond === undefined) return `? ${name}/s`;
  return perSecond >= 1 ? `${perSecond.toFixed(1)} ${name}/s` : `${(1 / perSecond).toFixed(1)} s/${name}`;
}

/** 'loss=0.123 lr=2.00e-5'. */
export function formatFields(fields: ProgressFields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'number' ? formatNumber(value) : value}`)
    .join(' ');
}

/** Formats a number with three to four significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1000 || size < 0.001 ? value.toExponential(2) : value.toPrecision(4);
}

/** Fits label, bar and figures into one terminal row; the bar gets the remaining width and is shortened first. */
export function formatBar(options: { head: string; share: number; figures: string; columns: number }): string {
  const { head, share, figures, columns } = options;
  const width = Math.min(30, columns - 1 - head.length - figures.length - 4);
  const full = Math.round(share * width);
  const bar = width >= 5 ? ` |${'█'.repeat(full)}${'·'.repeat(width - full)}|` : '';
  return `${head}${bar} ${figures}`.slice(0, Math.max(20, columns - 1));
}
