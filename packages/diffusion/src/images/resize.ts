/**
 * Bicubic resizing that gives the same bytes as Pillow, which defines CLIP's preprocessing. The filter widens for
 * smaller outputs (antialias), weights are 22-bit integers, and the result of the horizontal pass is rounded to bytes
 * before the vertical pass.
 */
import { checkRgbImage, type RgbImage } from './rgb-image.ts';

const PRECISION_BITS = 22;
const SUPPORT = 2;

/** Resizes to `width` x `height`. An image of that size is returned unchanged. */
export function resizeBicubic(image: RgbImage, { width, height }: { width: number; height: number }): RgbImage {
  checkRgbImage(image);
  const wide = image.width === width ? image : resizeRows(image, width);
  return wide.height === height ? wide : transposeImage(resizeRows(transposeImage(wide), height));
}

/** The input range that contributes to one output position, with its integer weights. */
interface Taps {
  first: number;
  weights: Int32Array;
}

function resizeRows({ width: from, height, data }: RgbImage, width: number): RgbImage {
  const taps = filterTaps(from, width);
  const out = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = taps[x]!;
      for (let channel = 0; channel < 3; channel++) {
        let sum = 1 << (PRECISION_BITS - 1);
        for (let i = 0; i < weights.length; i++) sum += data[3 * (y * from + first + i) + channel]! * weights[i]!;
        out[3 * (y * width + x) + channel] = Math.min(255, Math.max(0, sum >> PRECISION_BITS));
      }
    }
  }
  return { width, height, data: out };
}

function filterTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const reach = SUPPORT * stretch;
  return Array.from({ length: to }, (_, position) => {
    const center = (position + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(from, Math.trunc(center + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, i) => bicubic((first + i - center + 0.5) / stretch));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    const weights = Int32Array.from(raw, (weight) => {
      const scaled = (weight / total) * 2 ** PRECISION_BITS;
      return Math.trunc(scaled + (weight < 0 ? -0.5 : 0.5));
    });
    return { first, weights };
  });
}

/** Keys' cubic convolution kernel with a = -0.5 (Keys 1981). */
function bicubic(offset: number): number {
  const x = Math.abs(offset);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return -0.5 * (((x - 5) * x + 8) * x - 4);
  return 0;
}

function transposeImage({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        out[3 * (x * height + y) + channel] = data[3 * (y * width + x) + channel]!;
      }
    }
  }
  return { width: height, height: width, data: out };
}
