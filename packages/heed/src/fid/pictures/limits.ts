/**
 * The largest picture that is decoded, in pixels. Pillow, with which pytorch-fid reads pictures, has the same limit.
 */
export const MAX_PIXELS = 178_956_970;
/** The largest file that is read, in bytes: the size of an uncompressed picture with MAX_PIXELS pixels. */
export const MAX_FILE_BYTES = 4 * MAX_PIXELS + 65_536;
