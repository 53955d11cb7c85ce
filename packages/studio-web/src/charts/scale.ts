/** Maps values to positions on a chart, and chooses round numbers for its axes. */

export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** Makes a linear scale with about `count` ticks; the ends of `domain` are extended to round numbers. */
export function linearScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  { count = 5, isNice = true }: { count?: number; isNice?: boolean } = {},
): Scale {
  // Around a single value, a tenth of it: an axis of another size would say that the value could be anywhere.
  const pad = domain[0] === domain[1] ? Math.abs(domain[0]) / 10 : 0;
  // Nothing but zeros: counts, which are never below.
  const [lo, hi] = [domain[0] - pad, domain[1] === 0 && domain[0] === 0 ? 1 : domain[1] + pad];
  const step = roundStep((hi - lo) / count);
  const from = isNice ? Math.floor(lo / step) * step : lo;
  const to = isNice ? Math.ceil(hi / step) * step : hi;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
  const place = (value: number) => range[0] + ((value - from) / (to - from)) * (range[1] - range[0]);
  return Object.assign(place, { ticks });
}

/** The smallest number of the form 1, 2 or 5 times a power of ten that is at least `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Formats a value with four significant digits, which is enough for any measurement. */
export function valueText(value: number): string {
  return tickText(Number(value.toPrecision(4)));
}

/** Formats the label of an axis tick with only as many digits as are needed to distinguish the ticks. */
export function tickText(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) {
    return Number(value.toPrecision(6)).toExponential().replace('e+', 'e').replaceAll('-', '−');
  }
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`.replace('-', '−');
  return String(Number(value.toPrecision(6))).replace('-', '−');
}
