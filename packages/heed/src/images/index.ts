/** Images on disk with their recipes. */
export { formatParameters, parseParameters, type WrittenRecipe } from './parameters.ts';
export { decodePng, encodePng } from './png.ts';
export { type ImageRecipe, type ImageRecord, pixelKey } from './record.ts';
export { createImageStore, IMAGE_INDEX_FILE, type ImageStore } from './store.ts';
