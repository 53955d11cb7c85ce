// Pair accuracy, splits and the gate on lists small enough to count by hand.
import { createRandom } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import type { FeedbackEvent } from '../feedback/index.ts';
import type { ImageRecord } from '../images/index.ts';
import { accuracyDifference, accuracyTable, pairOutcomes } from './accuracy.ts';
import { rewardGate } from './gate.ts';
import { halveImages, isGood, type LabelledImage, labelImages, splitLabelledImages } from './labelled-image.ts';

function image(id: string, prompt: string, fields: Partial<ImageRecord> = {}): ImageRecord {
  return {
    id,
    file: `${id}.png`,
    prompt,
    category: 'colour',
    holdout: false,
    purpose: 'learn',
    seed: 1,
    model: 'base',
    modelHash: 'abc',
    sampler: 'ddim',
    steps: 10,
    guidanceScale: 3,
    set: 'train',
    width: 64,
    height: 64,
    ...fields,
  };
}

function judged(imageId: string, rater: string, label: FeedbackEvent['label'], at = 0): FeedbackEvent {
  return {
    id: `${imageId}-${rater}-${at}`,
    time: new Date(at).toISOString(),
    rater,
    raterKind: 'simulated',
    query: 'q',
    image: imageId,
    prompt: 'p',
    model: 'base',
    label,
  };
}

const labelled = (record: ImageRecord, label: number): LabelledImage => ({ image: record, label, judgements: 1 });

describe('labels', () => {
  it('averages raters, takes the latest word and leaves skips out', () => {
    const images = [image('a', 'p'), image('b', 'p'), image('c', 'p')];
    const events = [
      judged('a', 'x', 'bad', 0),
      judged('a', 'x', 'good', 1),
      judged('a', 'y', 'bad'),
      judged('b', 'x', 'skip'),
      judged('b', 'y', 'good'),
      judged('c', 'x', 'skip'),
      judged('elsewhere', 'x', 'good'),
    ];
    expect(labelImages(images, events).map(({ image: { id }, label, judgements }) => [id, label, judgements])).toEqual([
      ['a', 0.5, 2],
      ['b', 1, 1],
    ]);
  });

  it('never learns from images that measure or from held-out prompts, whatever their set is called', () => {
    const items = Array.from({ length: 300 }, (_, i) =>
      labelled(
        image(`${i}`, `p${i % 30}`, {
          set: 'evaluators',
          purpose: i % 3 === 0 ? 'measure' : 'learn',
          holdout: i % 5 === 0,
        }),
        i % 2,
      ),
    );
    const split = splitLabelledImages(items, { seed: 1 });
    expect(split.training.length + split.validation.length + split.test.length).toBe(300);
    const learned = [...split.training, ...split.validation];
    expect(learned.every(({ image: { purpose, holdout } }) => purpose === 'learn' && !holdout)).toBe(true);
    expect(split.training.length).toBeGreaterThan(100);
    expect(split.validation.length).toBeGreaterThan(3);
    expect(splitLabelledImages(items.toReversed(), { seed: 1 }).training.toReversed()).toEqual(split.training);
  });

  it('splits by image where that leaves enough pairs to measure', () => {
    const items = Array.from({ length: 2000 }, (_, i) =>
      labelled(image(`${i}`, `p${i % 100}`), Math.floor(i / 100) % 2),
    );
    const split = splitLabelledImages(items, { seed: 1 });
    const learned = new Set([...split.training, ...split.validation].map(({ image: { prompt } }) => prompt));
    expect(split.test.filter(({ image: { prompt } }) => learned.has(prompt)).length).toBeGreaterThan(200);
    expect(split.test.length / 2000).toBeCloseTo(0.15, 1);
  });

  it('keeps pairs of whole prompts to measure on after thirty queries of a person', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = createRandom(seed).fork('labels');
      // Three images of each of thirty of sixty prompts, a third of them good.
      const items = Array.from({ length: 90 }, (_, i) =>
        labelled(image(`${i}`, `p${Math.floor(i / 3)}`), random.uniform() < 1 / 3 ? 1 : 0),
      );
      const split = splitLabelledImages(items, { seed });
      const table = accuracyTable(pairOutcomes(split.test, Array(split.test.length).fill(0)));
      expect(table.seen.prompts).toBeGreaterThanOrEqual(5);
      const tested = new Set(split.test.map(({ image: { prompt } }) => prompt));
      const learned = [...split.training, ...split.validation];
      expect(learned.some(({ image: { prompt } }) => tested.has(prompt))).toBe(false);
      expect(learned.length + split.test.length).toBe(90);
      expect(split.test.length).toBeGreaterThanOrEqual(13);
      expect(split.test.length).toBeLessThanOrEqual(30);
      expect(split.training.filter(isGood).length).toBeGreaterThan(3);
      expect(split.validation.length).toBeGreaterThan(0);
      const turned = splitLabelledImages(items.toReversed(), { seed });
      expect(turned.test.toReversed()).toEqual(split.test);
      expect(turned.training.toReversed()).toEqual(split.training);
    }
  });

  it('leaves something to learn from where one prompt has all labels', () => {
    const items = Array.from({ length: 40 }, (_, i) => labelled(image(`${i}`, 'p'), i % 2));
    const split = splitLabelledImages(items, { seed: 3 });
    expect(split.training.length).toBeGreaterThan(20);
    expect(split.test.length).toBeGreaterThan(0);
  });

  it('leaves something to stop by where labels are a handful', () => {
    for (let seed = 0; seed < 50; seed++) {
      const items = Array.from({ length: 6 }, (_, i) => labelled(image(`${i}`, `p${Math.floor(i / 3)}`), i % 2));
      const split = splitLabelledImages(items, { seed, testShare: 0.15 });
      const learned = split.training.length + split.validation.length;
      expect(learned + split.test.length).toBe(6);
      if (learned >= 3) expect(split.validation.length).toBeGreaterThan(0);
      const turned = splitLabelledImages(items.toReversed(), { seed, testShare: 0.15 });
      expect(turned.validation.toReversed()).toEqual(split.validation);
    }
    const pair = [labelled(image('a', 'p'), 1), labelled(image('b', 'p'), 0)];
    expect(splitLabelledImages(pair, { seed: 0, testShare: 0 }).training.length).toBeGreaterThan(0);
  });

  it('halves each prompt', () => {
    const items = Array.from({ length: 20 }, (_, i) => labelled(image(`${i}`, `p${i % 2}`), 1));
    const half = halveImages(items, 5);
    expect(half.filter(({ image: { prompt } }) => prompt === 'p0')).toHaveLength(5);
    expect(half).toHaveLength(10);
  });
});

describe('pair accuracy', () => {
  const items = [
    labelled(image('a', 'p'), 1),
    labelled(image('b', 'p'), 0),
    labelled(image('c', 'p'), 0),
    labelled(image('d', 'q', { holdout: true, category: 'count' }), 1),
    labelled(image('e', 'q', { holdout: true, category: 'count' }), 0),
    labelled(image('f', 'only good'), 1),
    labelled(image('g', 'p'), 0.5),
  ];

  it('counts pairs of one prompt, ties as halves', () => {
    const pairs = pairOutcomes(items, [0.7, 0.2, 0.7, 0.1, 0.9, 1, 1]);
    const table = accuracyTable(pairs);
    expect(table.seen.pairs).toBe(2);
    expect(table.seen.accuracy?.mean).toBe(0.75);
    expect(table.unseen.accuracy?.mean).toBe(0);
    expect(table.all.accuracy?.mean).toBe(0.5);
    expect(table.byCategory.count?.unseen.pairs).toBe(1);
    expect(table.byCategory.count?.seen).toEqual({ pairs: 0, prompts: 0 });
  });

  it('opens the gate only where the reward beats CLIP score everywhere', () => {
    const good = pairOutcomes(items, [0.9, 0.2, 0.3, 0.9, 0.1, 1, 1]);
    const half = pairOutcomes(items, [0.9, 0.2, 0.3, 0.1, 0.9, 1, 1]);
    const poor = pairOutcomes(items, [0.1, 0.2, 0.3, 0.1, 0.9, 1, 1]);
    expect(accuracyDifference(good, poor)?.mean).toBe(1);
    expect(rewardGate({ reward: accuracyTable(good), clip: accuracyTable(poor) })).toEqual({ passed: true });
    const verdict = rewardGate({ reward: accuracyTable(half), clip: accuracyTable(poor) });
    expect(verdict.passed).toBe(false);
    expect(verdict.warning).toContain('0.0 % against 0.0 % on held-out prompts');
    const none = accuracyTable([]);
    expect(rewardGate({ reward: none, clip: none }).passed).toBe(false);
  });
});
