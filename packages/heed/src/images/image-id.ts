/**
 * The id of a stored image: the first 16 hex digits of a SHA-256 over its pixels and its recipe.
 *
 * The hash covers the PNG in heed's first file layout: one text chunk `parameters` with the recipe, after the pixels as
 * tEXt or before them as iTXt. Files in that layout are hashed unchanged. Newer files keep the recipe in the chunk
 * `heed`, before the pixels. For hashing, newer files are rearranged into the first layout, so that ids stay the same.
 * In newer files, the id does not cover the text `parameters` for other programs; only the chunk's checksum covers this
 * text.
 */
import { createHash } from 'node:crypto';
import { PARAMETERS_KEYWORD, RECIPE_KEYWORD } from './png.ts';
import { joinChunks, type PngChunk, readChunks, readText, textChunk } from './png-chunks.ts';

/** Computes the id of the image in a PNG file with these bytes. Any change to a stored file changes the id. */
export function imageId(png: Uint8Array): string {
  return createHash('sha256').update(hashedForm(png)).digest('hex').slice(0, 16);
}

function hashedForm(png: Uint8Array): Uint8Array {
  let chunks: PngChunk[];
  try {
    chunks = readChunks(png);
  } catch {
    return png;
  }
  const [header, parameters, recipe, ...pixels] = chunks;
  const end = pixels.pop();
  const isNewer =
    header?.type === 'IHDR' &&
    textOf(parameters, PARAMETERS_KEYWORD) !== undefined &&
    pixels.length > 0 &&
    pixels.every(({ type }) => type === 'IDAT') &&
    end?.type === 'IEND' &&
    chunks.every(({ isIntact }) => isIntact);
  const text = textOf(recipe, RECIPE_KEYWORD);
  const isAsWritten = text !== undefined && textChunk(RECIPE_KEYWORD, text).equals(recipe!.bytes);
  // heed never wrote these chunks in another order. Other files are hashed unchanged, so that their id does not match.
  if (!isNewer || !isAsWritten) return png;
  const written = textChunk(PARAMETERS_KEYWORD, text);
  const behind = written.toString('latin1', 4, 8) === 'tEXt';
  const body = pixels.map(({ bytes }) => bytes);
  return joinChunks([header.bytes, ...(behind ? [...body, written] : [written, ...body]), end.bytes]);
}

function textOf(chunk: PngChunk | undefined, keyword: string): string | undefined {
  const found = chunk && readText(chunk);
  return found?.keyword === keyword ? found.text : undefined;
}
