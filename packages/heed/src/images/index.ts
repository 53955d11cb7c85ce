/** The image store: images on disk, each with a recipe (the settings that determine the pixels). */

export { fitPicture } from './fit-picture.ts';
export {
  IMAGE_EVENTS_FILE,
  type ImageEvent,
  type ImageState,
  imageStates,
  parseImageEvent,
  readImageEvents,
  recordImageEvent,
} from './image-events.ts';
export { imageId } from './image-id.ts';
export { formatParameters, type ModelFile, parseParameters } from './parameters.ts';
export { decodePng, encodePng } from './png.ts';
export { PURPOSES, type Purpose } from './purpose.ts';
export { readFitted } from './read-fitted.ts';
export { blockOtherDecoders, type DecodedPicture, decodePicture, readPicture } from './read-picture.ts';
export {
  IMPORTED,
  type ImageRecipe,
  type ImageRecord,
  type ImageSource,
  pixelKey,
} from './record.ts';
export { checkSetPurpose, EVALUATION_SET, FIDELITY_SET, OTHER_SET, PRUNED_SET, TRY_SET } from './set-purpose.ts';
export { createImageStore, IMAGE_INDEX_FILE, type ImageStore } from './store.ts';
