/**
 * InceptionV3 with weights by a formula, and pictures by one, so that tests need no file of 90 MB. The same formula
 * stands in tools/reference/inception_weights.py, where pytorch-fid computes with it.
 */
import type { ParameterValues, Shape } from '@heed/autodiff';
import { elementCount } from '@heed/autodiff';
import { inceptionFileShapes } from '../checkpoint/inception-file.ts';
import type { RgbImage } from '../images/rgb-image.ts';

/** `count` numbers in [0, 1) that depend on `text`: FNV-1a, then murmur3's finaliser in 32 bits. */
export function hashed(text: string, count: number): Float64Array {
  let key = 2166136261;
  for (const byte of new TextEncoder().encode(text)) key = Math.imul(key ^ byte, 16777619);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(i, 0x9e3779b9) + key) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    values[i] = ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  }
  return values;
}

/** The least and the largest value of each part of a batch normalisation. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  'bn.weight': [0.8, 1.2],
  'bn.bias': [-0.3, 0.3],
  'bn.running_mean': [-0.3, 0.3],
  'bn.running_var': [0.7, 1.3],
};

/** All tensors that FID needs, by torchvision's names: what a weights file holds but for its classifier. */
export function formulaInception(): ParameterValues {
  return new Map([...inceptionFileShapes()].map(([name, shape]) => [name, { shape, data: tensorOf(name, shape) }]));
}

function tensorOf(name: string, shape: Shape): Float32Array {
  const bound = Math.sqrt(6 / elementCount(shape.slice(1)));
  const [low, high] = RANGES[name.split('.').slice(-2).join('.')] ?? [-bound, bound];
  const values = hashed(name, elementCount(shape));
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = low + (high - low) * values[i]!;
  return data;
}

/** Squares of 16 and 4 pixels and noise, with colours, brightness and contrast by `text`. */
export function formulaPicture(text: string, width: number, height: number): RgbImage {
  const total = new Float64Array(3 * width * height);
  for (const [size, weight] of [
    [16, 5],
    [4, 2],
    [1, 1],
  ] as const) {
    const across = Math.ceil(width / size);
    const values = hashed(`${text} ${size}`, across * Math.ceil(height / size) * 3);
    for (let i = 0; i < total.length; i++) {
      const [pixel, channel] = [Math.floor(i / 3), i % 3];
      const [x, y] = [Math.floor((pixel % width) / size), Math.floor(Math.floor(pixel / width) / size)];
      total[i]! += weight * Math.floor(values[(y * across + x) * 3 + channel]! * 256);
    }
  }
  const [low, span] = [...hashed(text, 2)].map((value) => Math.floor(value * 160)) as [number, number];
  const data = Uint8Array.from(total, (value) => {
    const spread = Math.floor((Math.floor(value / 8) * (span + 32)) / 256);
    return low + Math.floor((spread * (255 - low)) / 255);
  });
  return { width, height, data };
}
