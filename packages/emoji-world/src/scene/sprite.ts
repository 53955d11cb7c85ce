// Drawings as pixels: each is rasterised once, large, cut to its ink and then shrunk to the sizes scenes ask for.
import sharp from 'sharp';
import type { Drawing } from '../art/art-file.ts';
import { drawingToSvg } from '../art/art-file.ts';
import { luma } from './canvas.ts';
import { tintLevels } from './tint.ts';

/** A drawing at one size. Colours are not premultiplied. */
export interface Sprite {
  readonly width: number;
  readonly height: number;
  readonly rgb: Float32Array; // [height, width, 3], 0..255
  readonly alpha: Float32Array; // [height, width], 0..1
  /** Lightness for the tint table, see tint.ts. */
  readonly levels: Uint8Array; // [height, width]
  /** The drawing's silhouette grown by one pixel on each side; an outline fills this area. */
  readonly outline: Float32Array; // [height + 2, width + 2], 0..1
}

/** A rasterised drawing, cropped to its visible part, from which sprites of every size are made. */
export interface MasterImage {
  readonly width: number;
  readonly height: number;
  /** Colours premultiplied by opacity, so that averaging over edges does not darken them. */
  readonly rgba: Float32Array; // [height, width, 4], 0..255
}

const MASTER_PIXELS = 192;

/** Rasterises a drawing and crops it to its visible part; throws when it is empty. */
export async function rasterise(drawing: Drawing): Promise<MasterImage> {
  const { data, info } = await sharp(Buffer.from(drawingToSvg(drawing, MASTER_PIXELS)))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  let [left, top, right, bottom] = [info.width, info.height, 0, 0];
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      if (data[(y * info.width + x) * 4 + 3]! < 32) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  if (right <= left) throw new Error(`the drawing '${drawing.icon}' must have visible ink, it rasterised to nothing`);
  const [width, height] = [right - left, bottom - top];
  const rgba = new Float32Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = ((y + top) * info.width + x + left) * 4;
      const to = (y * width + x) * 4;
      const alpha = data[from + 3]! / 255;
      for (let c = 0; c < 3; c++) rgba[to + c] = data[from + c]! * alpha;
      rgba[to + 3] = data[from + 3]!;
    }
  }
  return { width, height, rgba };
}

/**
 * The drawing at a size in pixels, resampled by area. The size is the length of the longer side of a square drawing.
 * For slender drawings the longer side is up to a quarter longer; otherwise a bicycle would look half as large as a
 * box.
 */
export function shrink(master: MasterImage, size: number): Sprite {
  const longer = Math.max(master.width, master.height);
  const slenderness = longer / Math.min(master.width, master.height);
  const scale = (size * Math.min(1.25, slenderness ** 0.35)) / longer;
  const width = Math.max(1, Math.round(master.width * scale));
  const height = Math.max(1, Math.round(master.height * scale));
  const rows = resample(master.rgba, master.width, master.height, height);
  const pixels = resampleColumns(rows, master.width, height, width);
  const rgb = new Float32Array(width * height * 3);
  const alpha = new Float32Array(width * height);
  const lumas = new Float32Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    alpha[i] = pixels[i * 4 + 3]! / 255;
    const unmultiply = alpha[i]! > 1e-4 ? 1 / alpha[i]! : 0;
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = Math.min(255, pixels[i * 4 + c]! * unmultiply);
    lumas[i] = luma(rgb[i * 3]!, rgb[i * 3 + 1]!, rgb[i * 3 + 2]!);
  }
  return { width, height, rgb, alpha, levels: tintLevels(lumas, alpha), outline: grow(alpha, width, height) };
}

/** Area average along y: [height, width, 4] to [toHeight, width, 4]. */
function resample(source: Float32Array, width: number, height: number, toHeight: number): Float32Array {
  const result = new Float32Array(toHeight * width * 4);
  const step = height / toHeight;
  for (let y = 0; y < toHeight; y++) {
    const [start, end] = [y * step, Math.min(height, (y + 1) * step)];
    for (let from = Math.floor(start); from < end; from++) {
      const weight = (Math.min(end, from + 1) - Math.max(start, from)) / step;
      for (let i = 0; i < width * 4; i++) {
        result[y * width * 4 + i] = result[y * width * 4 + i]! + source[from * width * 4 + i]! * weight;
      }
    }
  }
  return result;
}

/** Area average along x: [height, width, 4] to [height, toWidth, 4]. */
function resampleColumns(source: Float32Array, width: number, height: number, toWidth: number): Float32Array {
  const result = new Float32Array(height * toWidth * 4);
  const step = width / toWidth;
  for (let x = 0; x < toWidth; x++) {
    const [start, end] = [x * step, Math.min(width, (x + 1) * step)];
    for (let from = Math.floor(start); from < end; from++) {
      const weight = (Math.min(end, from + 1) - Math.max(start, from)) / step;
      for (let y = 0; y < height; y++) {
        for (let c = 0; c < 4; c++) {
          const at = (y * toWidth + x) * 4 + c;
          result[at] = result[at]! + source[(y * width + from) * 4 + c]! * weight;
        }
      }
    }
  }
  return result;
}

/** The silhouette dilated by one pixel, with a margin of one pixel on each side. */
function grow(alpha: Float32Array, width: number, height: number): Float32Array {
  const result = new Float32Array((width + 2) * (height + 2));
  for (let y = 0; y < height + 2; y++) {
    for (let x = 0; x < width + 2; x++) {
      let most = 0;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const [sx, sy] = [x - 1 + dx, y - 1 + dy];
          if (sx < 0 || sy < 0 || sx >= width || sy >= height) continue;
          // Diagonal neighbours count less, which rounds the corners of the outline.
          most = Math.max(most, solid(alpha[sy * width + sx]!) * (dx !== 0 && dy !== 0 ? 0.6 : 1));
        }
      }
      result[y * (width + 2) + x] = most;
    }
  }
  return result;
}

/** The opacity that the outline uses: smoke, glow and other transparent parts get no outline. */
function solid(alpha: number): number {
  return Math.min(1, Math.max(0, (alpha - 0.25) / 0.5));
}
