// Encodes scenes once, so that U-Net updates need no encoder. Latents are written in shards; existing shards are kept.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, vaeEncode } from '@heed/diffusion';
import { compile } from '@heed/diffusion/autodiff';
import { InputError } from '@heed/diffusion/errors';
import { webCaption } from '../captions/web.ts';
import { imagesToPlanes } from '../pixels.ts';
import { IMAGE_SIZE, LATENT_CHANNELS, LATENT_SIZE } from './configs.ts';
import type { LatentShard } from './latent-shards.ts';
import { LATENT_VALUES, SHARD_SCENES, shardPath, writeShard } from './latent-shards.ts';
import { createSceneSource } from './scene-source.ts';
import type { StageRunner } from './stage.ts';
import { exists, requireFile, SCALING_FILE, stageFolder } from './stage.ts';
import { VAE_CONFIG } from './vae-stage.ts';
import { writeJson } from './write-json.ts';

const BATCH_SIZE = 32;
const DEFAULT_SCENES = 96_000;

/** Runs the stage `latents`, in which `--steps` is the number of scenes. */
export const runLatentsStage: StageRunner = async (context) => {
  const { horizon } = context;
  if (horizon && !('steps' in horizon)) throw new InputError('the latents stage takes --steps (scenes), not --hours');
  const shards = Math.ceil((horizon?.steps ?? DEFAULT_SCENES) / SHARD_SCENES);
  const folder = stageFolder(context, 'latents');
  await mkdir(folder, { recursive: true });
  const vaePath = await requireFile(join(stageFolder(context, 'vae'), 'model.safetensors'), 'vae');
  const { tensors } = await readSafetensors(vaePath);
  const encoder = await compile({
    name: 'vae encoder',
    inputs: { pixels: { shape: [BATCH_SIZE, 3, IMAGE_SIZE, IMAGE_SIZE] } },
    parameters: tensors,
    build: (p, { pixels }) => {
      const { mean, logVariance } = vaeEncode(p, VAE_CONFIG, { pixels });
      return { mean, logVariance };
    },
    threads: context.threads,
  });
  const scenes = await createSceneSource({ seed: context.seed, stream: 'latents' });
  for (let shard = 0; shard < shards; shard++) {
    const path = shardPath(folder, shard);
    if (await exists(path)) continue;
    const started = performance.now();
    const built: LatentShard = { latents: new Float32Array(SHARD_SCENES * LATENT_VALUES), captions: [] };
    for (let start = 0; start < SHARD_SCENES; start += BATCH_SIZE) {
      if (context.signal.aborted) {
        encoder.dispose();
        return { finished: false };
      }
      const drawn = Array.from({ length: BATCH_SIZE }, (_, i) => scenes.draw(shard * SHARD_SCENES + start + i));
      const { mean } = await encoder.run({ pixels: imagesToPlanes(drawn.map(({ image }) => image)) });
      built.latents.set(mean, start * LATENT_VALUES);
      for (const { scene, random } of drawn)
        built.captions.push([webCaption(scene, random), webCaption(scene, random)]);
    }
    await writeShard(path, built);
    const scaling = join(folder, SCALING_FILE);
    if (!(await exists(scaling))) await writeJson(scaling, { scalingFactor: 1 / standardDeviation(built.latents) });
    const rate = (SHARD_SCENES * 1000) / (performance.now() - started);
    context.print(
      `latents shard ${shard + 1}/${shards} · ${rate.toFixed(0)} scenes/s · ${Math.round(((shards - shard - 1) * SHARD_SCENES) / rate)} s left`,
    );
  }
  encoder.dispose();
  return { finished: true };
};

function standardDeviation(values: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return Math.sqrt(squares / values.length - mean * mean);
}

export const LATENT_SHAPE = [LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE] as const;
