/**
 * The id of a stored image: the first 16 hex digits of a SHA-256 over its pixels and its recipe.
 *
 * What is hashed is the file as heed wrote it first: one text `parameters` with the recipe, behind the pixels where it
 * is tEXt, before them where it is iTXt. Files of that kind are hashed as they are. Newer files keep that recipe under
 * `heed`, and before the pixels; they are put into that order to be hashed, so that ids stay what they were. The id
 * does not cover the text for other programs, `parameters`; its checksum does.
 */
import { createHash } from 'node:crypto';
import { PARAMETERS_KEYWORD, RECIPE_KEYWORD } from './png.ts';
import { joinChunks, type PngChunk, readChunks, readText, textChunk } from './png-chunks.ts';

/** The id that these bytes have; whatever was changed in a stored file gives another one. */
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
  // In no other order did heed ever write these chunks: anything else is hashed as it is, and so is found to be
  // changed.
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
