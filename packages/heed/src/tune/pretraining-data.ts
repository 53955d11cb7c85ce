/**
 * D_pre (pre-training data): pairs of picture and caption that resemble the training data of the base model. The pairs
 * come from the emoji world's generator or from a folder of captioned pictures. Captions stay in memory; a picture is
 * read only when it is encoded or scored.
 */
import type { RgbImage } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { WORLD_PRETRAINING } from '../config/index.ts';
import { badInput } from '../errors.ts';
import type { World } from '../ports.ts';
import type { PretrainingSample } from './batches.ts';
import { openPretrainingFolder, readPretrainingList } from './pretraining-folder.ts';

/** A finite set of pre-training pairs. */
export interface PretrainingData {
  samples: PretrainingSample[];
  /** Notes for the owner, in sentences without a full stop. */
  notes?: readonly string[];
  /** Reads the picture of a sample. Throws when the picture cannot be read; the message names the file. */
  read(sample: PretrainingSample): Promise<RgbImage>;
}

/**
 * Opens the pre-training pairs. If `source` is WORLD_PRETRAINING, the generator of the project's world makes `count`
 * pairs; otherwise `source` is a folder, and all its pairs are used.
 */
export async function openPretrainingData(options: {
  world: World;
  source: string;
  count: number;
  seed: number;
  /** Width and height to which pictures are resized. */
  size: { width: number; height: number };
}): Promise<PretrainingData> {
  const { world, source, count, seed, size } = options;
  return source === WORLD_PRETRAINING ? worldData(world, { count, seed, size }) : openPretrainingFolder(source, size);
}

const FOLDER_WANTED =
  'tune.pretraining: expected a folder of pictures with captions, got none; a weight of 0 (tune.beta, or pretrainingWeight of another method) tunes without pre-training pairs';

/** Throws when `source` has no pre-training pairs; the check opens no picture. */
export async function checkPretrainingData({ world, source }: { world: World; source: string }): Promise<void> {
  if (source !== WORLD_PRETRAINING) await readPretrainingList(source);
  else if (world.openPretraining === undefined) throw badInput(FOLDER_WANTED);
}

async function worldData(
  world: World,
  { count, seed, size }: { count: number; seed: number; size: { width: number; height: number } },
): Promise<PretrainingData> {
  if (world.openPretraining === undefined) throw badInput(FOLDER_WANTED);
  // The stream has its own seed, because fidelity must not be measured against training images.
  const streamSeed = createRandom(seed)
    .fork('D_pre')
    .integer(2 ** 31);
  const stream = await world.openPretraining({ seed: streamSeed });
  const first = stream.at(0).image;
  if (first.width !== size.width || first.height !== size.height) {
    throw badInput(
      `pre-training data: expected pictures of ${size.width} x ${size.height}, the model's size, but those of the world '${world.name}' have ${first.width} x ${first.height}`,
    );
  }
  const indexOf = new Map<string, number>();
  const samples = Array.from({ length: count }, (_, index) => {
    const key = `world-${streamSeed}-${index}`;
    indexOf.set(key, index);
    return { key, caption: stream.at(index).caption };
  });
  return { samples, read: async ({ key }) => stream.at(indexOf.get(key)!).image };
}
