/**
 * D_pre: pairs like those the base model was trained on. Either the emoji world's own stream, or a folder of captioned
 * pictures. Pixels are read once, to be encoded; captions are kept.
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
  /** What the owner should know, in sentences without a full stop. */
  notes?: readonly string[];
  /** The picture of a sample; throws a sentence that names the file where it cannot be read. */
  read(sample: PretrainingSample): Promise<RgbImage>;
}

/**
 * Opens the set that `source` names: WORLD_PRETRAINING for `count` pairs of the project's world, or a folder with all
 * of its pairs.
 */
export async function openPretrainingData(options: {
  world: World;
  source: string;
  count: number;
  seed: number;
  /** Width and height that pictures are brought to. */
  size: { width: number; height: number };
}): Promise<PretrainingData> {
  const { world, source, count, seed, size } = options;
  return source === WORLD_PRETRAINING ? worldData(world, { count, seed, size }) : openPretrainingFolder(source, size);
}

const FOLDER_WANTED =
  'tune.pretraining: expected a folder of pictures with captions, got none; a weight of 0 (tune.beta, or pretrainingWeight of another method) tunes without pre-training pairs';

/** Throws where `openPretrainingData` would find no pairs; opens no picture. */
export async function checkPretrainingData({ world, source }: { world: World; source: string }): Promise<void> {
  if (source !== WORLD_PRETRAINING) await readPretrainingList(source);
  else if (world.openPretraining === undefined) throw badInput(FOLDER_WANTED);
}

async function worldData(
  world: World,
  { count, seed, size }: { count: number; seed: number; size: { width: number; height: number } },
): Promise<PretrainingData> {
  if (world.openPretraining === undefined) throw badInput(FOLDER_WANTED);
  // A different seed: fidelity must not be measured against images that were trained on.
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
