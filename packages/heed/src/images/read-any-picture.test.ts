// The many forms in which people's pictures come: each gives the pixels that a viewer shows.
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type DecodedPicture, decodePicture, MAX_KEPT_PIXELS } from './read-picture.ts';

const RED = { r: 200, g: 30, b: 40 };
const paint = (
  background: { r: number; g: number; b: number; alpha?: number } = RED,
  { width = 24, height = 16 } = {},
) => sharp({ create: { width, height, channels: background.alpha === undefined ? 3 : 4, background } });

/** Red, with a blue corner at the top left. */
async function marked({ width = 24, height = 16 } = {}): Promise<Buffer> {
  const corner = await paint({ r: 20, g: 30, b: 220 }, { width: 8, height: 8 }).png().toBuffer();
  return paint(RED, { width, height })
    .composite([{ input: corner, left: 0, top: 0 }])
    .removeAlpha()
    .png()
    .toBuffer();
}

const pixel = ({ width, data }: DecodedPicture, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

function expectNear(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(found.map((value, i) => Math.abs(value - wanted[i]!) <= tolerance)).toEqual([true, true, true]);
}

describe('any picture', () => {
  const forms: [name: string, make: () => Promise<Buffer>, wanted: number[], tolerance: number][] = [
    ['PNG', () => paint().png().toBuffer(), [200, 30, 40], 0],
    ['interlaced PNG', () => paint().png({ progressive: true }).toBuffer(), [200, 30, 40], 0],
    ['PNG of 16 bits', () => paint().toColourspace('rgb16').png().toBuffer(), [200, 30, 40], 1],
    ['PNG with a palette', () => paint().png({ palette: true }).toBuffer(), [200, 30, 40], 1],
    ['grey PNG', () => paint({ r: 90, g: 90, b: 90 }).greyscale().png().toBuffer(), [90, 90, 90], 1],
    [
      'grey PNG of 16 bits',
      () => paint({ r: 90, g: 90, b: 90 }).toColourspace('grey16').png().toBuffer(),
      [90, 90, 90],
      1,
    ],
    ['half transparent PNG', () => paint({ r: 100, g: 0, b: 0, alpha: 0.5 }).png().toBuffer(), [177, 127, 127], 1],
    [
      'wholly transparent WebP',
      () => paint({ r: 1, g: 2, b: 3, alpha: 0 }).webp({ lossless: true }).toBuffer(),
      [255, 255, 255],
      0,
    ],
    [
      'grey PNG with alpha',
      () => paint({ r: 0, g: 0, b: 0, alpha: 0.5 }).greyscale().png().toBuffer(),
      [127, 127, 127],
      1,
    ],
    ['progressive JPEG', () => paint().jpeg({ progressive: true, quality: 95 }).toBuffer(), [200, 30, 40], 4],
    ['CMYK JPEG', () => paint().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(), [200, 30, 40], 25],
    [
      'CMYK JPEG with its profile',
      () => paint().withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer(),
      [200, 30, 40],
      25,
    ],
    ['lossy WebP', () => paint().webp().toBuffer(), [200, 30, 40], 4],
    // The numbers in the file differ from those of the colour: its profile tells.
    ['PNG in Display P3', () => paint().withIccProfile('p3').png().toBuffer(), [200, 30, 40], 2],
  ];
  it.each(forms)('%s', async (_, make, wanted, tolerance) => {
    const picture = await decodePicture(await make());
    expect([picture.width, picture.height, picture.data.length]).toEqual([24, 16, 24 * 16 * 3]);
    expectNear(pixel(picture, 12, 8), wanted, tolerance);
  });

  it('stores other numbers under a profile', async () => {
    const { data } = await sharp(await paint().withIccProfile('p3').png().toBuffer(), { ignoreIcc: true })
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(Math.abs(data[0]! - 200)).toBeGreaterThan(5);
  });

  it('takes the first frame of an animation', async () => {
    const [first, second] = [await paint().png().toBuffer(), await paint({ r: 0, g: 255, b: 0 }).png().toBuffer()];
    const animation = await sharp([first, second], { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    expect((await sharp(animation).metadata()).pages).toBe(2);
    const picture = await decodePicture(animation);
    expect([picture.width, picture.height, ...pixel(picture, 3, 3)]).toEqual([24, 16, 200, 30, 40]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'is upright with EXIF orientation %i, in all formats, scaled and not',
    async (orientation) => {
      for (const size of [
        { width: 24, height: 16 },
        { width: 3000, height: 2000 },
      ]) {
        const source = sharp(await marked(size)).withMetadata({ orientation });
        const files = [await source.clone().png().toBuffer(), await source.clone().webp({ lossless: true }).toBuffer()];
        for (const file of size.width > 24 ? files.slice(0, 1) : files) {
          const picture = await decodePicture(file);
          const { data, info } = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
          if (size.width === 24) {
            expect(picture).toEqual({ width: info.width, height: info.height, data: new Uint8Array(data) });
            continue;
          }
          expect(picture.scaledFrom).toEqual({ width: info.width, height: info.height });
          expect(picture.width / picture.height).toBeCloseTo(info.width / info.height, 2);
          const corners = [
            [2, 2],
            [-3, 2],
            [2, -3],
            [-3, -3],
          ] as const;
          const at = (length: number, offset: number) => (offset < 0 ? length + offset : offset);
          for (const [x, y] of corners) {
            const whole = 3 * (at(info.height, y) * info.width + at(info.width, x));
            const found = pixel(picture, at(picture.width, x), at(picture.height, y));
            expectNear(found, [...data.subarray(whole, whole + 3)], 2);
          }
        }
      }
    },
  );

  it('scales down what is larger than models see, in bounded memory', async () => {
    // 24 megapixels, a camera's; then a panorama.
    for (const [size, kept] of [
      [
        { width: 6000, height: 4000 },
        { width: 2508, height: 1672 },
      ],
      [
        { width: 120_000, height: 40 },
        { width: 112_173, height: 37 },
      ],
    ] as const) {
      const before = process.resourceUsage().maxRSS;
      const picture = await decodePicture(await paint(RED, size).png().toBuffer());
      expect({ width: picture.width, height: picture.height }).toEqual(kept);
      expect(picture.scaledFrom).toEqual(size);
      expect(picture.width * picture.height).toBeLessThanOrEqual(MAX_KEPT_PIXELS);
      expectNear(pixel(picture, 30, 30), [200, 30, 40], 0);
      expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(400);
    }
  });

  it('passes over what viewers pass over: bytes behind the end', async () => {
    const jpeg = await paint(RED, { width: 64, height: 64 }).jpeg({ quality: 95 }).toBuffer();
    for (const file of [
      Buffer.concat([jpeg, Buffer.alloc(500), Buffer.from('SEFT')]),
      Buffer.concat([await paint().png().toBuffer(), Buffer.from('behind the end')]),
    ]) {
      expectNear(pixel(await decodePicture(file), 5, 5), [200, 30, 40], 4);
    }
  });
});
