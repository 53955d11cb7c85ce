/** The largest picture that is decoded, in pixels: where Pillow, with which pytorch-fid reads, refuses to go on. */
export const MAX_PIXELS = 178_956_970;
/** The longest file that is read, in bytes: that of an uncompressed picture with MAX_PIXELS pixels. */
export const MAX_FILE_BYTES = 4 * MAX_PIXELS + 65_536;
