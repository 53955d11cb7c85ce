// Makes clean pictures look the way generated ones do: soft, blotchy, off in brightness. The recogniser trains on these
// beside clean ones, so that it reads a blurred dog as a dog.
import type { RandomGenerator } from '@heed/diffusion/autodiff';

/** Degrades one image's planes, [3, size, size] in [-1, 1], in place; half of the images are left as they are. */
export function degrade(planes: Float32Array, size: number, random: RandomGenerator): void {
  if (random.uniform() < 0.5) return;
  const passes = random.integer(3);
  for (let pass = 0; pass < passes; pass++) blur(planes, size, 0.3 + 0.7 * random.uniform());
  if (random.uniform() < 0.3) coarsen(planes, size);
  const blotches = 0.12 * random.uniform();
  addBlotches(planes, size, blotches, random);
  const grain = 0.05 * random.uniform();
  const gain = 1 + 0.15 * (random.uniform() - 0.5);
  const shift = 0.1 * (random.uniform() - 0.5);
  // A uniform grain is as good as a Gaussian one here and a tenth of the price.
  for (let i = 0; i < planes.length; i++)
    planes[i] = planes[i]! * gain + shift + grain * 3.46 * (random.uniform() - 0.5);
}

/** Mixes each pixel with its 3 x 3 binomial mean by `strength`. */
function blur(planes: Float32Array, size: number, strength: number): void {
  const line = new Float32Array(size);
  const area = size * size;
  for (let c = 0; c < 3; c++) {
    for (const [stride, step] of [
      [size, 1],
      [1, size],
    ] as const) {
      for (let row = 0; row < size; row++) {
        const base = c * area + row * stride;
        for (let i = 0; i < size; i++) line[i] = planes[base + i * step]!;
        for (let i = 0; i < size; i++) {
          const mean = 0.25 * line[Math.max(0, i - 1)]! + 0.5 * line[i]! + 0.25 * line[Math.min(size - 1, i + 1)]!;
          planes[base + i * step] = line[i]! + strength * (mean - line[i]!);
        }
      }
    }
  }
}

/** Halves the resolution: each 2 x 2 block becomes its mean. */
function coarsen(planes: Float32Array, size: number): void {
  for (let y = 0; y < 3 * size; y += 2) {
    for (let x = 0; x < size; x += 2) {
      const i = y * size + x;
      const mean = (planes[i]! + planes[i + 1]! + planes[i + size]! + planes[i + size + 1]!) / 4;
      planes[i] = planes[i + 1] = planes[i + size] = planes[i + size + 1] = mean;
    }
  }
}

/**
 * Adds an independent offset to each 4 x 4 block of each channel, as noise in the latents would: one latent position
 * covers 4 x 4 pixels.
 */
function addBlotches(planes: Float32Array, size: number, strength: number, random: RandomGenerator): void {
  const blocks = size / 4;
  const offsets = new Float32Array(3 * blocks * blocks).map(() => strength * random.normal());
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const block = (c * blocks + (y >> 2)) * blocks + (x >> 2);
        const i = (c * size + y) * size + x;
        planes[i] = planes[i]! + offsets[block]!;
      }
    }
  }
}
