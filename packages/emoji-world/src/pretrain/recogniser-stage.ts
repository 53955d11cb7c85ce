// Trains the recogniser on balanced scenes. Half of them are degraded, and the autoencoder draws a third again from
// noisy latents. Measures it on scenes that it has not seen, most of them clean.
import { join } from 'node:path';
import { writeSafetensors } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import { add, crossEntropy, mean } from '@heed/diffusion/autodiff';
import type { ArtStyle } from '../art/styles.ts';
import { HELD_OUT_STYLES, TRAINING_STYLES } from '../art/styles.ts';
import { imagesToPlanes, planesToImages } from '../pixels.ts';
import type { HeadName } from '../recogniser/labels.ts';
import { HEAD_NAMES, labelsOf } from '../recogniser/labels.ts';
import { RECOGNISER_CONFIG, recogniserLogits } from '../recogniser/network.ts';
import { createRecogniser } from '../recogniser/recogniser.ts';
import { degrade } from './degrade.ts';
import type { NoisyAutoencoder } from './noisy-autoencoder.ts';
import { createNoisyAutoencoder } from './noisy-autoencoder.ts';
import type { Optimisation } from './optimise.ts';
import { optimise } from './optimise.ts';
import { createSceneSource, sampleBalancedScene } from './scene-source.ts';
import type { StageContext, StageRunner } from './stage.ts';
import { stageFolder } from './stage.ts';
import { writeJson } from './write-json.ts';

const BATCH_SIZE = 64;
const SIZE = RECOGNISER_CONFIG.imageSize;
const PLANES = 3 * SIZE * SIZE;
/** Number of pictures in a batch that pass through the autoencoder, since generated images look like its output. */
const AUTOENCODED = 24;
const NATURAL_COLOUR = 0.5;

export const runRecogniserStage: StageRunner = async (context) => {
  const autoencoder = await createNoisyAutoencoder(context, { pictures: AUTOENCODED });
  const result = await optimise(context, await recogniserOptimisation(context, { autoencoder }));
  autoencoder.dispose();
  if (!result.finished) return result;
  const folder = stageFolder(context, 'recogniser');
  const measurements = {
    steps: result.step,
    trainedMinutes: Math.round(result.trainedSeconds / 6) / 10,
    cleanTrainingStyles: await measureRecogniser(context, result.weights, { styles: TRAINING_STYLES, degraded: false }),
    degradedTrainingStyles: await measureRecogniser(context, result.weights, {
      styles: TRAINING_STYLES,
      degraded: true,
    }),
    cleanHeldOutStyle: await measureRecogniser(context, result.weights, { styles: HELD_OUT_STYLES, degraded: false }),
  };
  context.print(`recogniser: ${JSON.stringify(measurements)}`);
  await writeRecogniser(folder, result.weights, 'F32');
  await writeJson(join(folder, 'measurements.json'), measurements);
  return result;
};

/** The training problem: the sum of the four heads' cross-entropies. */
export async function recogniserOptimisation(
  { seed }: Pick<StageContext, 'seed'>,
  { batchSize = BATCH_SIZE, autoencoder }: { batchSize?: number; autoencoder?: NoisyAutoencoder } = {},
) {
  const scenes = await createSceneSource({
    seed,
    stream: 'recogniser',
    sample: (random) => sampleBalancedScene(random, { naturalColour: NATURAL_COLOUR }),
  });
  return {
    stage: 'recogniser',
    inputs: {
      pixels: { shape: [batchSize, 3, SIZE, SIZE] },
      object: { shape: [batchSize], dtype: 'int64' },
      colour: { shape: [batchSize], dtype: 'int64' },
      count: { shape: [batchSize], dtype: 'int64' },
      background: { shape: [batchSize], dtype: 'int64' },
    },
    loss: (p, { pixels, ...targets }) => {
      const logits = recogniserLogits(p, RECOGNISER_CONFIG, { pixels });
      const losses = HEAD_NAMES.map((head) => mean(crossEntropy(logits[head], targets[head])));
      return {
        loss: losses.reduce((total, each) => add(total, each)),
        ...Object.fromEntries(HEAD_NAMES.map((head, i) => [head, losses[i]!])),
      };
    },
    batchAt: async (step: number) => {
      const drawn = Array.from({ length: batchSize }, (_, i) => scenes.draw(step * batchSize + i));
      const pixels = imagesToPlanes(drawn.map(({ image }) => image));
      await autoencoder?.redrawFirst(pixels, drawn[0]!.random);
      drawn.forEach(({ random }, i) => {
        degrade(pixels.subarray(i * PLANES, (i + 1) * PLANES), SIZE, random);
      });
      const labels = drawn.map(({ scene }) => labelsOf(scene));
      const target = (head: HeadName) => BigInt64Array.from(labels, (label) => BigInt(label[head]));
      return {
        pixels,
        object: target('object'),
        colour: target('colour'),
        count: target('count'),
        background: target('background'),
      };
    },
    defaultHorizon: { steps: 900 },
    learningRate: 2e-3,
    decayShare: 0.5,
    optimizer: { weightDecay: 1e-2 },
  } satisfies Optimisation<'pixels' | HeadName>;
}

/** The folder `loadRecogniser` reads. */
export async function writeRecogniser(folder: string, weights: ParameterValues, dtype: 'F16' | 'F32'): Promise<void> {
  await writeJson(join(folder, 'config.json'), RECOGNISER_CONFIG);
  await writeSafetensors(join(folder, 'model.safetensors'), weights, { dtype });
}

/** Accuracy of each head on newly drawn scenes. */
export async function measureRecogniser(
  { seed, threads }: Pick<StageContext, 'seed' | 'threads'>,
  weights: ParameterValues,
  { styles, degraded, scenes: count = 1024 }: { styles: readonly ArtStyle[]; degraded: boolean; scenes?: number },
): Promise<Record<HeadName, number>> {
  const source = await createSceneSource({
    seed,
    stream: `recogniser test ${styles.join(' ')}`,
    sample: (random) => sampleBalancedScene(random, { styles }),
  });
  const recogniser = await createRecogniser({ config: RECOGNISER_CONFIG, parameters: weights, threads });
  const right: Record<HeadName, number> = { object: 0, colour: 0, count: 0, background: 0 };
  for (let start = 0; start < count; start += BATCH_SIZE) {
    const drawn = Array.from({ length: Math.min(BATCH_SIZE, count - start) }, (_, i) => source.draw(start + i));
    const pixels = imagesToPlanes(drawn.map(({ image }) => image));
    if (degraded) {
      drawn.forEach(({ random }, i) => {
        degrade(pixels.subarray(i * PLANES, (i + 1) * PLANES), SIZE, random);
      });
    }
    const recognitions = await recogniser.recognise(
      degraded ? planesToImages(pixels, { width: SIZE, height: SIZE }) : drawn.map(({ image }) => image),
    );
    recognitions.forEach((recognition, i) => {
      const { scene } = drawn[i]!;
      if (recognition.object === scene.object) right.object += 1;
      if (recognition.colour === (scene.colour ?? 'natural')) right.colour += 1;
      if (recognition.count === scene.count) right.count += 1;
      if (recognition.background === (scene.background ?? 'plain')) right.background += 1;
    });
  }
  recogniser.dispose();
  return {
    object: right.object / count,
    colour: right.colour / count,
    count: right.count / count,
    background: right.background / count,
  };
}
