// Recolours drawings by luminance: a pixel keeps its lightness and takes its hue from a ramp of one colour. A shift of
// hue would leave greys grey and turn a red dog's shadow green; the ramp makes every drawing unmistakably its colour.
import type { ColourName } from '../vocabulary.ts';
import type { Rgb } from './canvas.ts';
import { mix } from './canvas.ts';

/** A colour's dark, middle and light tone. */
interface Ramp {
  readonly dark: Rgb;
  readonly middle: Rgb;
  readonly light: Rgb;
}

/**
 * Tone ramps of the colours. The ramp of black ends at dark grey and the ramp of white starts at light grey, so that
 * both stay distinct.
 */
const RAMPS: Readonly<Record<ColourName, Ramp>> = {
  red: { dark: [84, 0, 8], middle: [222, 24, 34], light: [255, 128, 116] },
  yellow: { dark: [128, 92, 0], middle: [252, 212, 16], light: [255, 250, 172] },
  green: { dark: [0, 56, 12], middle: [28, 166, 52], light: [156, 236, 150] },
  blue: { dark: [6, 18, 98], middle: [26, 90, 230], light: [142, 198, 255] },
  black: { dark: [0, 0, 0], middle: [30, 30, 32], light: [98, 98, 102] },
  pink: { dark: [158, 28, 100], middle: [255, 126, 190], light: [255, 216, 236] },
  purple: { dark: [46, 4, 82], middle: [138, 42, 200], light: [214, 158, 250] },
  white: { dark: [132, 132, 138], middle: [236, 236, 238], light: [255, 255, 255] },
  brown: { dark: [48, 24, 8], middle: [128, 76, 32], light: [206, 160, 112] },
};

/** The most frequent tone in drawings of that colour. */
export function middleTone(colour: ColourName): Rgb {
  return RAMPS[colour].middle;
}

/** RGB for each lightness 0..255: dark at 0, the middle tone at 128, light at 255. */
export type TintTable = Float32Array; // [256, 3]

/** The colour's table from lightness to RGB. */
export function tintTable(colour: ColourName): TintTable {
  const { dark, middle, light } = RAMPS[colour];
  const table = new Float32Array(256 * 3);
  for (let level = 0; level < 256; level++) {
    table.set(level < 128 ? mix(dark, middle, level / 128) : mix(middle, light, (level - 128) / 127), level * 3);
  }
  return table;
}

/**
 * Computes each pixel's lightness for the tint table: the pixel's luma (0..255), shifted so that the drawing's mean
 * becomes 128, and scaled. A pale rabbit and a dark bear then both get the colour's middle tone and keep their
 * markings.
 */
export function tintLevels(lumas: Float32Array, alphas: Float32Array): Uint8Array {
  let weight = 0;
  let mean = 0;
  for (let i = 0; i < lumas.length; i++) {
    weight += alphas[i]!;
    mean += alphas[i]! * lumas[i]!;
  }
  mean /= Math.max(weight, 1e-6);
  let variance = 0;
  for (let i = 0; i < lumas.length; i++) variance += alphas[i]! * (lumas[i]! - mean) ** 2;
  const deviation = Math.sqrt(variance / Math.max(weight, 1e-6));
  // Flat drawings keep little contrast, contrasty ones are held back: most pixels stay near the middle tone.
  const gain = Math.min(1.1, 48 / Math.max(deviation, 1));
  return Uint8Array.from(lumas, (value) => Math.round(Math.min(255, Math.max(0, 128 + (value - mean) * gain))));
}
