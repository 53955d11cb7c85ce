/** What is shown is decided by position alone. */
import { emojiWorld, paperEvaluationPrompts, type Recognition } from '@heed/emoji-world';
import { expect, it } from 'vitest';
import type { ImageRecord } from '../images/index.ts';
import type { Arm } from './arm.ts';
import { galleryOf } from './gallery.ts';

const prompts = paperEvaluationPrompts();

it('spreads over categories, takes the first image of each arm and says whether it is right', () => {
  const arms = [armOf('base'), armOf('tuned')];
  const recognitions = new Map(
    arms.flatMap(({ name, images }) =>
      images.flatMap((ofPrompt, index) =>
        ofPrompt.map(({ id }) => [id, recognition(index, name === 'tuned')] as const),
      ),
    ),
  );
  const gallery = galleryOf(arms, prompts, { judge: emojiWorld.judge, recognitions, limit: 12 });
  expect(gallery.length).toBe(12);
  expect(new Set(gallery.map(({ category, seen }) => `${category} ${seen}`)).size).toBe(6);
  for (const { prompt, images, seed } of gallery) {
    const index = prompts.findIndex(({ text }) => text === prompt);
    expect(seed).toBe(1000 * index);
    expect(images.base).toEqual({ image: `base-${index}-0`, correct: false });
    expect(images.tuned).toEqual({ image: `tuned-${index}-0`, correct: true });
  }
});

function armOf(name: string): Arm {
  const images = prompts.map(({ text, category, holdout }, index) =>
    [0, 1].map(
      (number): ImageRecord => ({
        id: `${name}-${index}-${number}`,
        file: '',
        width: 64,
        height: 64,
        prompt: text,
        category,
        holdout,
        seed: 1000 * index + number,
        model: name,
        modelHash: '',
        sampler: 'ddim',
        steps: 1,
        guidanceScale: 1,
        set: 'eval',
        purpose: 'measure',
      }),
    ),
  );
  return { name, label: name, model: name, modelHash: '', images };
}

function recognition(index: number, right: boolean): Recognition {
  const { object, colour = 'natural', count = 1, background = 'plain' } = prompts[index]!.facts;
  const none = new Float32Array(0);
  const probabilities = { object: none, colour: none, count: none, background: none };
  return {
    object: right ? object : object === 'dog' ? 'cat' : 'dog',
    colour,
    count,
    background,
    probabilities,
    sharpness: 0,
  };
}
