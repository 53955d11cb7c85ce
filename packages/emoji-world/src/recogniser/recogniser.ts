// The trained recogniser: says what a 64 x 64 picture of the emoji world shows. It stands behind the simulated raters
// and the measurements; no reward model is built on it.
import { join } from 'node:path';
import type { RgbImage } from '@heed/diffusion';
import { readSafetensors } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import { compile, softmax } from '@heed/diffusion/autodiff';
import { readCheckedJson } from '@heed/diffusion/checked-json';
import { InputError } from '@heed/diffusion/errors';
import { z } from 'zod';
import { RECOGNISER_FOLDER, requireWeights } from '../paths.ts';
import { imagesToPlanes } from '../pixels.ts';
import type { Count, ObjectName } from '../vocabulary.ts';
import type { HeadName, RecognisedBackground, RecognisedColour } from './labels.ts';
import { BACKGROUND_CLASSES, COLOUR_CLASSES, COUNT_CLASSES, HEAD_NAMES, HEADS, OBJECT_CLASSES } from './labels.ts';
import type { RecogniserConfig } from './network.ts';
import { recogniserLogits } from './network.ts';
import { sharpnessOf } from './sharpness.ts';

/** The recogniser's result for one image. */
export interface Recognition {
  readonly object: ObjectName;
  readonly colour: RecognisedColour;
  readonly count: Count;
  readonly background: RecognisedBackground;
  /** Class probabilities of each head, in the order of labels.ts. */
  readonly probabilities: Readonly<Record<HeadName, Float32Array>>;
  /** Mean absolute Laplacian of the luma (0 to 255): how crisp the drawing's edges are. */
  readonly sharpness: number;
}

export interface Recogniser {
  /** Width and height of the recogniser's input images in pixels. */
  readonly imageSize: number;
  /**
   * Returns one recognition for each image, in the order of the images. Images must have the size `imageSize`, 64 x 64
   * for the shipped recogniser.
   */
  recognise(images: readonly RgbImage[]): Promise<Recognition[]>;
  dispose(): void;
}

const ConfigFile = z.object({
  imageSize: z.int().positive(),
  channels: z.array(z.int().positive()).min(1),
  mapChannels: z.int().positive(),
  hidden: z.int().positive(),
});

/** Loads config.json and model.safetensors from the folder of the shipped recogniser, or from another folder. */
export async function loadRecogniser({
  folder = RECOGNISER_FOLDER,
  threads,
}: {
  folder?: string;
  threads?: number;
} = {}): Promise<Recogniser> {
  if (folder === RECOGNISER_FOLDER) requireWeights();
  const config = await readCheckedJson(join(folder, 'config.json'), {
    what: "a recogniser's config",
    schema: ConfigFile,
  });
  const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
  return createRecogniser({ config, parameters: tensors, ...(threads === undefined ? {} : { threads }) });
}

const BATCH_SIZE = 32;

/** A recogniser from weights in memory. */
export async function createRecogniser({
  config,
  parameters,
  threads,
}: {
  config: RecogniserConfig;
  parameters: ParameterValues;
  threads?: number;
}): Promise<Recogniser> {
  const { imageSize } = config;
  const network = await compile({
    name: 'recogniser',
    inputs: { pixels: { shape: [BATCH_SIZE, 3, imageSize, imageSize] } },
    parameters,
    build: (p, { pixels }) => {
      const logits = recogniserLogits(p, config, { pixels });
      return {
        object: softmax(logits.object),
        colour: softmax(logits.colour),
        count: softmax(logits.count),
        background: softmax(logits.background),
      };
    },
    ...(threads === undefined ? {} : { threads }),
  });
  return {
    imageSize,
    async recognise(images) {
      const recognitions: Recognition[] = [];
      for (let start = 0; start < images.length; start += BATCH_SIZE) {
        const batch = images.slice(start, start + BATCH_SIZE);
        const wrong = batch.find((image) => image.width !== imageSize || image.height !== imageSize);
        if (wrong) {
          throw new InputError(
            `the recogniser takes images of ${imageSize} x ${imageSize} pixels, not ${wrong.width} x ${wrong.height}`,
          );
        }
        const pixels = imagesToPlanes(batch, new Float32Array(BATCH_SIZE * 3 * imageSize * imageSize));
        const outputs = await network.run({ pixels });
        batch.forEach((image, row) => {
          recognitions.push(recognitionOf(outputs, row, sharpnessOf(image)));
        });
      }
      return recognitions;
    },
    dispose: () => network.dispose(),
  };
}

function recognitionOf(outputs: Record<HeadName, Float32Array>, row: number, sharpness: number): Recognition {
  const probabilities = Object.fromEntries(
    HEAD_NAMES.map((head) => [head, outputs[head].slice(row * HEADS[head], (row + 1) * HEADS[head])]),
  ) as Record<HeadName, Float32Array>;
  return {
    object: OBJECT_CLASSES[indexOfLargest(probabilities.object)]!,
    colour: COLOUR_CLASSES[indexOfLargest(probabilities.colour)]!,
    count: COUNT_CLASSES[indexOfLargest(probabilities.count)]!,
    background: BACKGROUND_CLASSES[indexOfLargest(probabilities.background)]!,
    probabilities,
    sharpness,
  };
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
