/** The common picture type: 8-bit RGB rows. Other modules read image files and decode their formats. */

/** One picture. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** Rows from top to bottom, with three bytes (red, green, blue) for each pixel. */
  readonly data: Uint8Array;
}

/** Throws when the number of bytes does not match width and height. */
export function checkRgbImage(image: RgbImage, what = 'image'): void {
  const { width, height, data } = image;
  if (
    !Number.isInteger(width) ||
    !Number.isInteger(height) ||
    width < 1 ||
    height < 1 ||
    data.length !== 3 * width * height
  ) {
    throw new Error(`${what}: expected 3 bytes a pixel, got ${data.length} bytes for ${width} x ${height}`);
  }
}
