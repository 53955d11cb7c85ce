/** Parses the size in a request: 'auto' or 'WIDTHxHEIGHT' in pixels. */
import { ApiError } from './api-error.ts';

/** The sizes that a model can generate. */
export interface SizeLimits {
  /** Native size of the model in pixels. */
  readonly width: number;
  readonly height: number;
  /** Width and height must be divisible by this number. */
  readonly multiple: number;
}

/**
 * Largest side, relative to the model's native side. Time and memory grow with the square of the side, attention with
 * its fourth power.
 */
const MAX_FACTOR = 2;

/** Throws an `ApiError` for a size that the model cannot draw. */
export function parseSize(text: string, limits: SizeLimits): { width: number; height: number } {
  if (text === 'auto') return { width: limits.width, height: limits.height };
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  const { multiple } = limits;
  const fits = (side: number | undefined, own: number) =>
    side !== undefined && side >= multiple && side <= MAX_FACTOR * own && side % multiple === 0;
  if (fits(width, limits.width) && fits(height, limits.height)) return { width: width!, height: height! };
  const own = `${limits.width}x${limits.height}`;
  const most = `${MAX_FACTOR * limits.width}x${MAX_FACTOR * limits.height}`;
  const message = `size: expected auto (${own}) or a size up to ${most} whose sides are divisible by ${multiple}, got ${JSON.stringify(text.slice(0, 60))}.`;
  throw new ApiError({ status: 400, message, param: 'size', code: 'invalid_value' });
}
