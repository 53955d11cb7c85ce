/**
 * Pixel measures of an image: saturation and brightness. The paper saw tuned models over-saturate (section 4.2), and
 * reward exploitation often brightens images.
 */
import type { RgbImage } from '@heed/diffusion';

/** Means over the pixels, each from 0 to 1. */
export interface PixelMeasures {
  /** Saturation in HSV: (max - min) / max of the three channels; 0 for black. */
  readonly saturation: number;
  /** Mean luma (Rec. 709). */
  readonly brightness: number;
}

export function pixelMeasures({ data, width, height }: RgbImage): PixelMeasures {
  let saturation = 0;
  let brightness = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const most = Math.max(r, g, b);
    if (most > 0) saturation += (most - Math.min(r, g, b)) / most;
    brightness += (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  }
  const pixels = width * height;
  return { saturation: saturation / pixels, brightness: brightness / pixels };
}
