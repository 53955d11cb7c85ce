import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LATENT_VALUES, readShards, SHARD_SCENES, shardPath, writeShard } from './latent-shards.ts';

test('shards come back in order, in half precision, with their captions', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heed-latents-'));
  try {
    await expect(readShards(folder)).rejects.toThrow('must hold encoded scenes');
    for (const shard of [1, 0]) {
      const latents = new Float32Array(SHARD_SCENES * LATENT_VALUES).fill(shard + 0.125);
      const captions = Array.from({ length: SHARD_SCENES }, (_, i) => [`web ${shard}`, `“ünï” ${i}`] as const);
      await writeShard(shardPath(folder, shard), {
        latents,
        captions: captions.map((each) => [...each] as [string, string]),
      });
    }
    const { latents, captions } = await readShards(folder);
    expect(captions).toHaveLength(2 * SHARD_SCENES);
    expect(captions[0]).toEqual(['web 0', '“ünï” 0']);
    expect(captions.at(-1)?.[0]).toBe('web 1');
    expect([latents[0], latents.at(-1)]).toEqual([0.125, 1.125]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
