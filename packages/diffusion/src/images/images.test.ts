import { expect, test } from 'vitest';
import { parseImageProcessorConfig } from '../configs/image-processor-config.ts';
import { clipPixels } from './clip-pixels.ts';
import { imagesToPlanes, planesToImages } from './planes.ts';
import { resizeBicubic } from './resize.ts';
import type { RgbImage } from './rgb-image.ts';

function gradient(width: number, height: number): RgbImage {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return (37 * (pixel % width) + 91 * Math.floor(pixel / width) + 50 * (i % 3)) % 256;
  });
  return { width, height, data };
}

test('bytes survive the way to planes and back', () => {
  const images = [gradient(5, 4), gradient(5, 4)];
  expect(planesToImages(imagesToPlanes(images), { width: 5, height: 4 })).toEqual(images);
});

test('planes are channel-major, from -1 to 1', () => {
  const image = { width: 2, height: 1, data: Uint8Array.of(0, 255, 51, 255, 0, 51) };
  expect([...imagesToPlanes([image])]).toEqual([-1, 1, 1, -1, Math.fround(-0.6), Math.fround(-0.6)]);
});

test('resizing keeps a flat picture flat', () => {
  const flat = { width: 7, height: 5, data: new Uint8Array(105).fill(200) };
  for (const size of [
    { width: 3, height: 2 },
    { width: 20, height: 9 },
  ]) {
    const { data, ...got } = resizeBicubic(flat, size);
    expect(got).toEqual(size);
    expect(new Set(data)).toEqual(new Set([200]));
  }
});

test("halving uses Keys' kernel at twice its width", () => {
  const row = [0, 0, 0, 0, 255, 255, 255, 255];
  const image = { width: 8, height: 1, data: Uint8Array.from(row.flatMap((value) => [value, value, value])) };
  const { data } = resizeBicubic(image, { width: 4, height: 1 });
  // Output 1 sees inputs 0 to 6 with weights -9 29 111 111 29 -9 -3 of 259: 255 * (29 - 9 - 3) / 259 = 16.7.
  expect([data[3], data[6]]).toEqual([17, 238]);
  const column = resizeBicubic({ ...image, width: 1, height: 8 }, { width: 1, height: 4 });
  expect(column.data).toEqual(data);
});

test('CLIP pixels: no resampling at the right size, exact normalisation', () => {
  const config = parseImageProcessorConfig({}, { imageSize: 4 });
  const image = gradient(4, 4);
  const pixels = clipPixels([image], config);
  expect(pixels[0]).toBeCloseTo((image.data[0]! / 255 - 0.48145466) / 0.26862954, 6);
  expect(pixels[16]).toBeCloseTo((image.data[1]! / 255 - 0.4578275) / 0.26130258, 6);
});

test('CLIP pixels: shortest edge, then the middle', () => {
  const config = parseImageProcessorConfig({ size: { shortest_edge: 4 }, crop_size: 4, do_normalize: false });
  const image = gradient(8, 4);
  const pixels = clipPixels([image], config);
  expect(pixels).toHaveLength(48);
  expect(pixels[0]).toBeCloseTo(image.data[3 * 2]! / 255, 6);
});

test('a filter other than bicubic is refused in one sentence', () => {
  expect(() => parseImageProcessorConfig({ resample: 2 }, { source: 'a.json' })).toThrow(
    /^a\.json: key "resample": .*got 2$/,
  );
});
