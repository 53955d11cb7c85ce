/** PNGs without anything that is not needed to show them: the texts that name model, seed and prompt stay here. */
import { joinChunks, readChunks } from '../../images/png-chunks.ts';

const SHOWN_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** The same picture with the chunks that make up its pixels alone. */
export function plainPng(png: Uint8Array): Uint8Array<ArrayBuffer> {
  return joinChunks(
    readChunks(png)
      .filter(({ type }) => SHOWN_CHUNKS.has(type))
      .map(({ bytes }) => bytes),
  );
}
