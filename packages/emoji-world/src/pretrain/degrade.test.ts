import { createRandom } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { imagesToPlanes } from '../pixels.ts';
import { degrade } from './degrade.ts';
import { createSceneSource, sampleBalancedScene } from './scene-source.ts';

test('about half of the pictures are changed, the others not at all, and what they show stays', async () => {
  const scenes = await createSceneSource({ seed: 1, stream: 'test', sample: (random) => sampleBalancedScene(random) });
  const clean = imagesToPlanes([scenes.draw(0).image]);
  const random = createRandom(2);
  const distances = Array.from({ length: 100 }, () => {
    const planes = clean.slice();
    degrade(planes, 64, random);
    return planes.reduce((total, value, i) => total + Math.abs(value - clean[i]!), 0) / planes.length;
  });
  const changed = distances.filter((distance) => distance > 0);
  expect(changed.length).toBeGreaterThan(30);
  expect(changed.length).toBeLessThan(70);
  expect(Math.max(...distances)).toBeLessThan(0.35);
});

test('a scene is a function of seed, stream and index', async () => {
  const [a, b, other] = await Promise.all(
    ['x', 'x', 'y'].map((stream) =>
      createSceneSource({ seed: 1, stream, sample: (random) => sampleBalancedScene(random) }),
    ),
  );
  a!.draw(3);
  expect(a!.draw(7)).toMatchObject({ scene: b!.draw(7).scene, image: b!.draw(7).image });
  expect(other!.draw(7).image.data).not.toEqual(b!.draw(7).image.data);
});
