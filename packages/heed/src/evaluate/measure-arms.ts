/** The measures for every project: rewards, CLIP, and pixels. */
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Prompt } from '../prompts/index.ts';
import { cosine } from '../reward/accuracy.ts';
import type { Features } from '../reward/features.ts';
import { scoreImages } from '../reward/score-images.ts';
import { formatShare } from '../statistics/interval.ts';
import type { Arm } from './arm.ts';
import { diversity, looksDoubled, severalText } from './clip-measures.ts';
import type { Measure } from './figures.ts';
import type { JudgingReward } from './judging-reward.ts';
import { type PixelMeasures, pixelMeasures } from './pixel-measures.ts';

export interface MeasureInputs {
  readonly arms: readonly Arm[];
  readonly prompts: readonly Prompt[];
  /** Features that hold the embeddings of all images and prompts. */
  readonly features: Features;
  readonly reward?: { readonly name: string; readonly scores: ReadonlyMap<string, number> } | undefined;
  readonly judgingReward?: JudgingReward | undefined;
  readonly asksClipForDoubles: boolean;
  readonly store: ImageStore;
  readonly signal: AbortSignal | undefined;
}

/** Measures every arm, with one value per image, or one value per prompt for diversity. */
export async function measureArms(inputs: MeasureInputs, progress: ProgressFactory): Promise<Measure[]> {
  const { arms, prompts, features, reward, judgingReward } = inputs;
  await features.prepareTexts(prompts.flatMap(({ text }) => severalText(text) ?? []));
  const images = uniqueImages(arms);
  const judged = judgingReward && (await scoresOf(judgingReward, images, features));
  const pixels = await readPixels(images, inputs, progress);
  const byImage = (measure: (image: ImageRecord) => readonly number[]) =>
    Object.fromEntries(arms.map((arm) => [arm.name, arm.images.map((ofPrompt) => ofPrompt.flatMap(measure))]));
  return [
    ...(reward
      ? [
          {
            id: 'reward',
            label: 'reward',
            judge: `the reward '${reward.name}', which also chose the best of n`,
            unit: 'number' as const,
            values: byImage(({ id }) => [reward.scores.get(id)!]),
          },
        ]
      : []),
    ...(judgingReward && judged
      ? [
          {
            id: 'judging-reward',
            label: 'judging reward',
            judge: describeJudge(judgingReward),
            unit: 'number' as const,
            values: byImage(({ id }) => [judged.get(id)!]),
          },
        ]
      : []),
    {
      id: 'clip-score',
      label: 'CLIP score',
      judge: 'CLIP: cosine of image and prompt',
      unit: 'number',
      values: byImage(({ id, prompt }) => [cosine(features.image(id), features.text(prompt))]),
    },
    {
      id: 'diversity',
      label: 'diversity within a prompt',
      judge: 'CLIP: mean of 1 - cosine between images of one prompt',
      unit: 'number',
      values: Object.fromEntries(
        arms.map(({ name, images: ofArm }) => [
          name,
          ofArm.map((ofPrompt) => diversity([...new Set(ofPrompt.map(({ id }) => id))], features)),
        ]),
      ),
    },
    ...(inputs.asksClipForDoubles
      ? [
          {
            id: 'doubled',
            label: 'doubled objects',
            judge: 'CLIP: the text of several things fits better than the prompt',
            unit: 'share' as const,
            values: byImage(({ id, prompt }) => looksDoubled(id, prompt, features)),
          },
        ]
      : []),
    {
      id: 'saturation',
      label: 'saturation',
      judge: 'the pixels: mean of HSV saturation',
      unit: 'number',
      values: byImage(({ id }) => [pixels.get(id)!.saturation]),
    },
    {
      id: 'brightness',
      label: 'brightness',
      judge: 'the pixels: mean luma',
      unit: 'number',
      values: byImage(({ id }) => [pixels.get(id)!.brightness]),
    },
  ];
}

/** Describes the judging reward and its accuracy. */
function describeJudge({ labels, accuracy: { accuracy, pairs } }: JudgingReward): string {
  const right = accuracy ? `, right on ${formatShare(accuracy)} of ${pairs} pairs` : '';
  return `a reward of ${labels} labels that the tuning reward never saw${right}`;
}

async function scoresOf({ model }: JudgingReward, images: readonly ImageRecord[], features: Features) {
  const scores = await scoreImages(model, images, features);
  return new Map(images.map(({ id }, index) => [id, scores[index]!]));
}

async function readPixels(
  images: readonly ImageRecord[],
  { store, signal }: MeasureInputs,
  progress: ProgressFactory,
): Promise<Map<string, PixelMeasures>> {
  const work = progress({ total: images.length, label: 'pixels', unit: 'image' });
  const found = new Map<string, PixelMeasures>();
  for (const { id } of images) {
    signal?.throwIfAborted();
    found.set(id, pixelMeasures(await store.read(id)));
    work.update(found.size);
  }
  work.done();
  return found;
}

/** The distinct images of all arms, in the order of the arms. */
function uniqueImages(arms: readonly Arm[]): ImageRecord[] {
  return [...new Map(arms.flatMap(({ images }) => images.flat().map((image) => [image.id, image] as const))).values()];
}
