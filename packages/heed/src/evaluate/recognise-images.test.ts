/** Pictures larger than the recogniser's are judged, not refused, and as what they show. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { createRenderer, emojiWorld, type Recognition, sampleScene } from '@heed/emoji-world';
import { afterAll, expect, it } from 'vitest';
import { createImageStore, fitPicture } from '../images/index.ts';
import { initProject } from '../project/index.ts';
import { recogniseImages } from './recognise-images.ts';

const folder = await mkdtemp(join(tmpdir(), 'heed-recognise-'));
afterAll(() => rm(folder, { recursive: true }));

it('sees the same in a picture four times as large', async () => {
  const project = await initProject(join(folder, 'project'), { overrides: ['threads=1'] });
  const store = createImageStore(project.paths.images);
  const renderer = await createRenderer();
  const random = createRandom(5);
  const pairs: [small: string, large: string][] = [];
  for (let index = 0; index < 12; index++) {
    const own = random.fork(`scene ${index}`);
    const small = renderer.render(sampleScene(own), own);
    const large = await fitPicture(small, { width: 256, height: 256 });
    const recipe = { prompt: `scene ${index}`, category: 'custom', holdout: false, seed: 0, model: 'base' } as const;
    const rest = { modelHash: 'none', sampler: 'ddim', steps: 1, guidanceScale: 1, purpose: 'measure' } as const;
    const added = [];
    for (const [set, image] of Object.entries({ small, large }))
      added.push(await store.add(image, { ...recipe, ...rest, set }));
    pairs.push([added[0]!.id, added[1]!.id]);
  }
  const silent = () => ({ update() {}, done() {} });
  const recognitions = await recogniseImages(project, pairs.flat(), { judge: emojiWorld.judge, store }, silent);
  await store.close();
  const found = recognitions as Map<string, Recognition>;
  const same = pairs.filter(([small, large]) => {
    const [a, b] = [found.get(small)!, found.get(large)!];
    return a.object === b.object && a.count === b.count && a.colour === b.colour;
  });
  expect(new Set(pairs.map(([small]) => found.get(small)!.object)).size).toBeGreaterThan(2);
  expect(same.length).toBeGreaterThanOrEqual(10);
});
