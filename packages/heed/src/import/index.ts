/** Taking in what others made. */
export { type FileFinder, LIST_NAMES, readImageList } from './image-list.ts';
export { type ImageImport, type ImageImportOptions, importImages, type Quarantined } from './images.ts';
