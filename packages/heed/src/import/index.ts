/** Imports of pictures and captions that were made outside of heed. */
export { type ImageList, type ImageListSource, type LeftOut, LIST_NAMES, readImageList } from './image-list.ts';
export { describeLeftOut, type ImageImport, type ImageImportOptions, importImages } from './images.ts';
