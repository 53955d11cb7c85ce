/**
 * The name of an image in tables: `img-` and its id. An id alone can look like a number (1551336442423361,
 * 1234567890123e45), and spreadsheet programs reformat numbers.
 */

/** The name of the image with this id. */
export function imageName(id: string): string {
  return `img-${id}`;
}

/**
 * Reads the id from an image's name, an id, or the path of an image's PNG in any folder; undefined for any other text.
 */
export function idOfImageName(text: string): string | undefined {
  return /^(?:.*[/\\])?(?:img-)?([0-9a-f]{16})(?:\.png)?$/i.exec(text)?.[1]?.toLowerCase();
}
