/**
 * Removes the text chunks from PNGs, so that raters' pages never get the model, seed and prompt that these chunks name.
 */
import { joinChunks, readChunks } from '../../images/png-chunks.ts';

const SHOWN_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** Returns a PNG of the same picture with only the chunks that are needed for its pixels. */
export function plainPng(png: Uint8Array): Uint8Array<ArrayBuffer> {
  return joinChunks(
    readChunks(png)
      .filter(({ type }) => SHOWN_CHUNKS.has(type))
      .map(({ bytes }) => bytes),
  );
}
