// Files of encoded scenes with their captions: float16 latents in one safetensors file, captions in its metadata; and
// the scale that makes the latents' variance one.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@heed/diffusion';
import { parseCheckedJson, readCheckedJson } from '@heed/diffusion/checked-json';
import { InputError } from '@heed/diffusion/errors';
import { z } from 'zod';
import { LATENT_CHANNELS, LATENT_SIZE } from './configs.ts';
import { requireFile, SCALING_FILE, type StageContext, stageFolder } from './stage.ts';

export const SHARD_SCENES = 2048;
export const LATENT_VALUES = LATENT_CHANNELS * LATENT_SIZE * LATENT_SIZE;

const Captions = z.array(z.tuple([z.string(), z.string()]));

export interface LatentShard {
  /** Unscaled latent means, [scenes, 4, 16, 16]. */
  readonly latents: Float32Array;
  /** Two web-like captions of each scene. */
  readonly captions: (readonly [string, string])[];
}

export function shardPath(folder: string, shard: number): string {
  return join(folder, `shard-${`${shard}`.padStart(3, '0')}.safetensors`);
}

export async function writeShard(path: string, { latents, captions }: LatentShard): Promise<void> {
  const shape = [captions.length, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE];
  await writeSafetensors(path, new Map([['latents', { shape, data: latents }]]), {
    dtype: 'F16',
    metadata: { captions: JSON.stringify(captions) },
  });
}

/** Joins all shards of the folder; throws when the folder has no shard. */
export async function readShards(folder: string): Promise<LatentShard> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^shard-\d+\.safetensors$/.test(name)).sort();
  if (names.length === 0)
    throw new InputError(`${folder} must hold encoded scenes, run 'npm run pretrain -- latents' first`);
  const latents = new Float32Array(names.length * SHARD_SCENES * LATENT_VALUES);
  const captions: LatentShard['captions'] = [];
  for (const name of names) {
    const { tensors, metadata } = await readSafetensors(join(folder, name));
    latents.set(tensors.get('latents')!.data, captions.length * LATENT_VALUES);
    const path = join(folder, name);
    captions.push(
      ...parseCheckedJson(metadata.captions ?? '[]', { path, what: 'two captions a scene', schema: Captions }),
    );
  }
  return { latents, captions };
}

/** 1 / the standard deviation of the latents, as the latents stage measured it. */
export async function readScalingFactor(context: StageContext): Promise<number> {
  const path = await requireFile(join(stageFolder(context, 'latents'), SCALING_FILE), 'latents');
  const schema = z.object({ scalingFactor: z.number().positive() });
  return (await readCheckedJson(path, { what: 'the scale of the latents', schema })).scalingFactor;
}
