// Where the parts of the world that are files lie: art beside this package's source, weights in @heed/tiny-sd.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '@heed/diffusion/errors';

/** The folder of the extracted emoji drawings (`art-<style>.json`). */
export const ART_FOLDER = fileURLToPath(new URL('../assets', import.meta.url));

/**
 * The package that holds the trained weights. The package is optional: a project with another model does not need it.
 */
const WEIGHTS_PACKAGE = '@heed/tiny-sd';

/** Folder of all trained weights. The folder need not exist (`requireWeights`). */
export const MODELS_FOLDER = join(weightsPackageFolder(), 'models');

/** The tiny Stable Diffusion, a diffusers folder. */
export const TINY_MODEL_FOLDER = join(MODELS_FOLDER, 'tiny-sd');

/** The tiny CLIP, a transformers CLIPModel folder. */
export const CLIP_FOLDER = join(MODELS_FOLDER, 'clip');

/** Folder of the recogniser behind the simulated raters. */
export const RECOGNISER_FOLDER = join(MODELS_FOLDER, 'recogniser');

/** Throws InputError when the package of weights is not installed. The message says how to install it. */
export function requireWeights(folder: string = MODELS_FOLDER): void {
  if (existsSync(folder)) return;
  throw new InputError(
    `the built-in model: expected the package ${WEIGHTS_PACKAGE}, which holds its weights, got none; ` +
      `install it with: npm install ${WEIGHTS_PACKAGE}`,
  );
}

function weightsPackageFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${WEIGHTS_PACKAGE}/package.json`));
  } catch {
    // The folder where npm installs it, beside this package.
    return fileURLToPath(new URL('../../tiny-sd', import.meta.url));
  }
}
