/**
 * What tables call an image: `img-` and its id. An id alone can look like a number (1551336442423361,
 * 1234567890123e45), and spreadsheet programs write numbers back in another form.
 */

/** The name of the image with this id. */
export function imageName(id: string): string {
  return `img-${id}`;
}

/**
 * The id that a text names, by the image's name, its id or its PNG, whatever the folder; undefined for any other text.
 */
export function idOfImageName(text: string): string | undefined {
  return /^(?:.*[/\\])?(?:img-)?([0-9a-f]{16})(?:\.png)?$/i.exec(text)?.[1]?.toLowerCase();
}
