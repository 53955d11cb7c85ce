// Where the parts of the world that are files lie: art and trained weights, beside the source of this package.
import { fileURLToPath } from 'node:url';

/** The folder of the extracted emoji drawings (`art-<style>.json`). */
export const ART_FOLDER = fileURLToPath(new URL('../assets', import.meta.url));

/** All trained weights. */
export const MODELS_FOLDER = fileURLToPath(new URL('../models', import.meta.url));

/** The tiny Stable Diffusion, a diffusers folder. */
export const TINY_MODEL_FOLDER = fileURLToPath(new URL('../models/tiny-sd', import.meta.url));

/** The tiny CLIP, a transformers CLIPModel folder. */
export const CLIP_FOLDER = fileURLToPath(new URL('../models/clip', import.meta.url));

/** The recogniser that stands behind the simulated raters. */
export const RECOGNISER_FOLDER = fileURLToPath(new URL('../models/recogniser', import.meta.url));
