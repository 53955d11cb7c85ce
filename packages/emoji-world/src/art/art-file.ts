// Reads one style's drawings from assets/art-<style>.json (made by extract-art.ts). Does not rasterise.
import { join } from 'node:path';
import { readCheckedJson } from '@heed/diffusion/checked-json';
import { InputError } from '@heed/diffusion/errors';
import { z } from 'zod';
import { ART_FOLDER } from '../paths.ts';
import type { ObjectName } from '../vocabulary.ts';
import { OBJECTS } from '../vocabulary.ts';
import type { ArtStyle } from './styles.ts';

const Drawing = z.strictObject({
  /** Name of the icon in its set, for credit and for repeating the extraction. */
  icon: z.string(),
  /** The drawing's area as SVG's viewBox: left, top, width, height in the units of the body. */
  viewBox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** Content of the svg element. */
  body: z.string(),
});

const ArtFile = z.strictObject({
  style: z.string(),
  npmPackage: z.string(),
  version: z.string(),
  licence: z.string(),
  author: z.string(),
  drawings: z.record(z.string(), Drawing),
});

/** One vector drawing. */
export type Drawing = z.infer<typeof Drawing>;
/** The file of one art style: where the drawings come from, and one drawing for every object. */
export type ArtFile = z.infer<typeof ArtFile>;

/** The drawings of one style, by object; throws when the file lacks one. */
export async function readArt(style: ArtStyle): Promise<ReadonlyMap<ObjectName, Drawing>> {
  const path = join(ART_FOLDER, `art-${style}.json`);
  const art = await readCheckedJson(path, { what: 'the drawings of a style', schema: ArtFile });
  return new Map(
    OBJECTS.map(({ name }) => {
      const drawing = art.drawings[name];
      if (!drawing)
        throw new InputError(`${path} must hold a drawing for each of the 25 objects, '${name}' is missing`);
      return [name, drawing];
    }),
  );
}

/** The drawing as an SVG document of `width` pixels across. */
export function drawingToSvg({ viewBox, body }: Drawing, width: number): string {
  const [, , viewWidth, viewHeight] = viewBox;
  const height = Math.round((width * viewHeight) / viewWidth);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `width="${width}" height="${height}" viewBox="${viewBox.join(' ')}">${body}</svg>`
  );
}
