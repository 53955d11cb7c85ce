// Lays sprites over a canvas: tinted or natural, mirrored or not, outlined where they would vanish into the ground.
import type { Canvas, Rgb } from './canvas.ts';
import { blend, luma } from './canvas.ts';
import type { Box } from './layout.ts';
import type { Sprite } from './sprite.ts';
import type { TintTable } from './tint.ts';

/** A sprite and its position. */
export interface PlacedSprite {
  readonly sprite: Sprite;
  readonly box: Box;
  readonly mirrored: boolean;
}

/**
 * A sprite gets an outline if its luma (0..255) is too close to the background's. The threshold is this value plus the
 * standard deviation of the background's luma.
 */
const OUTLINE_BELOW = 56;
const DARK_OUTLINE: Rgb = [38, 34, 44];
const LIGHT_OUTLINE: Rgb = [250, 250, 246];

/** Draws the sprites onto the canvas in place. If any sprite needs an outline, all sprites get one. */
export function drawSprites(canvas: Canvas, placed: readonly PlacedSprite[], tint: TintTable | undefined): void {
  const prepared = placed.map((one) => {
    const colours = tint ? tinted(one.sprite, tint) : one.sprite.rgb;
    const ground = groundLuma(canvas, one.box);
    const ink = meanLuma(colours, one.sprite.alpha);
    const vanishes =
      Math.abs(ink - ground.mean) < OUTLINE_BELOW + ground.deviation || edgeVanishes(colours, one.sprite, ground.mean);
    return { ...one, colours, vanishes, middle: (ink + ground.mean) / 2 };
  });
  const vanishing = prepared.filter((one) => one.vanishes);
  // Sprite and ground are alike where an outline is needed, so the extreme that is far from one is far from both.
  const middle = vanishing.reduce((total, one) => total + one.middle, 0) / Math.max(1, vanishing.length);
  const outline = middle > 96 ? DARK_OUTLINE : LIGHT_OUTLINE;
  for (const one of prepared) {
    if (vanishing.length > 0) drawOutline(canvas, one, outline);
    drawColours(canvas, one, one.colours);
  }
}

function drawColours(canvas: Canvas, { sprite, box, mirrored }: PlacedSprite, colours: Float32Array): void {
  for (let y = 0; y < sprite.height; y++) {
    for (let x = 0; x < sprite.width; x++) {
      const from = y * sprite.width + (mirrored ? sprite.width - 1 - x : x);
      const alpha = sprite.alpha[from]!;
      if (alpha === 0) continue;
      const at = ((box.top + y) * canvas.width + box.left + x) * 3;
      for (let c = 0; c < 3; c++) {
        const under = canvas.data[at + c]!;
        canvas.data[at + c] = under + (colours[from * 3 + c]! - under) * alpha;
      }
    }
  }
}

/** Recolours the sprite: each pixel gets the table's colour for that pixel's lightness. */
function tinted(sprite: Sprite, tint: TintTable): Float32Array {
  const colours = new Float32Array(sprite.rgb.length);
  for (let i = 0; i < sprite.levels.length; i++) {
    const level = sprite.levels[i]! * 3;
    colours[i * 3] = tint[level]!;
    colours[i * 3 + 1] = tint[level + 1]!;
    colours[i * 3 + 2] = tint[level + 2]!;
  }
  return colours;
}

function meanLuma(rgb: Float32Array, alpha: Float32Array): number {
  let total = 0;
  let weight = 0;
  for (let i = 0; i < alpha.length; i++) {
    total += alpha[i]! * luma(rgb[i * 3]!, rgb[i * 3 + 1]!, rgb[i * 3 + 2]!);
    weight += alpha[i]!;
  }
  return total / Math.max(weight, 1e-6);
}

/** Whether the luma of at least a third of the sprite's edge pixels is close to the background's mean luma. */
function edgeVanishes(rgb: Float32Array, { width, height, alpha }: Sprite, ground: number): boolean {
  let rim = 0;
  let alike = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (alpha[i]! < 0.5) continue;
      const inside =
        x > 0 &&
        y > 0 &&
        x < width - 1 &&
        y < height - 1 &&
        Math.min(alpha[i - 1]!, alpha[i + 1]!, alpha[i - width]!, alpha[i + width]!) > 0.5;
      if (inside) continue;
      rim++;
      if (Math.abs(luma(rgb[i * 3]!, rgb[i * 3 + 1]!, rgb[i * 3 + 2]!) - ground) < OUTLINE_BELOW / 2) alike++;
    }
  }
  return alike * 3 >= rim;
}

/** Mean and standard deviation of the background's luma under and just around a box. */
function groundLuma(canvas: Canvas, { left, top, width, height }: Box): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  let pixels = 0;
  for (let y = Math.max(0, top - 2); y < Math.min(canvas.height, top + height + 2); y++) {
    for (let x = Math.max(0, left - 2); x < Math.min(canvas.width, left + width + 2); x++) {
      const at = (y * canvas.width + x) * 3;
      const value = luma(canvas.data[at]!, canvas.data[at + 1]!, canvas.data[at + 2]!);
      sum += value;
      squares += value * value;
      pixels++;
    }
  }
  const mean = sum / pixels;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / pixels - mean * mean)) };
}

function drawOutline(canvas: Canvas, { sprite, box, mirrored }: PlacedSprite, colour: Rgb): void {
  const width = sprite.width + 2;
  for (let y = 0; y < sprite.height + 2; y++) {
    for (let x = 0; x < width; x++) {
      const strength = sprite.outline[y * width + (mirrored ? width - 1 - x : x)]!;
      if (strength > 0) blend(canvas, box.left - 1 + x, box.top - 1 + y, colour, strength * 0.85);
    }
  }
}
