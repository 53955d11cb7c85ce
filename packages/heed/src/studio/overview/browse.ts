/** Lists the images of a project with people's judgements, filtered and page by page. */
import { groupBy } from '../../collections/group-by.ts';
import { type Judgement, lastWords, openFeedbackLog } from '../../feedback/index.ts';
import type { ImageRecord } from '../../images/record.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';
import { readPredictions } from '../../reward/predictions.ts';
import { rewardFolder } from '../../reward/scorer.ts';

/** Filters by the image's judgements. */
export const BROWSE_LABELS = ['any', 'good', 'bad', 'disputed', 'skipped', 'none'] as const;
export type BrowseLabel = (typeof BROWSE_LABELS)[number];

/** The order in which images are shown. When the order is by reward, images without a reward come last. */
export const BROWSE_ORDERS = ['drawn', 'reward-high', 'reward-low', 'disagreement', 'against-reward'] as const;
export type BrowseOrder = (typeof BROWSE_ORDERS)[number];

export interface BrowseFilter {
  readonly set?: string | undefined;
  readonly category?: string | undefined;
  readonly label?: BrowseLabel | undefined;
  /** Part of the prompt; upper and lower case are not distinguished. */
  readonly prompt?: string | undefined;
  readonly rater?: string | undefined;
  /** Bounds of the reward. If a bound is given, images without a reward are left out. */
  readonly rewardFrom?: number | undefined;
  readonly rewardTo?: number | undefined;
  readonly order?: BrowseOrder | undefined;
  /** Whether to list only images that were set aside or deleted; by default, such images are left out. */
  readonly isAway?: boolean | undefined;
}

export interface BrowsedImage {
  readonly image: ImageRecord;
  readonly good: number;
  readonly bad: number;
  readonly skip: number;
  /**
   * The reward of the image, computed when the reward network in use was trained. This value exists for images that
   * were judged by then, and for some unjudged images.
   */
  readonly reward?: number;
}

export interface BrowsePage {
  readonly total: number;
  readonly images: readonly BrowsedImage[];
  /** The image sets that the filter offers. */
  readonly sets: readonly string[];
  readonly categories: readonly string[];
  readonly raters: readonly string[];
}

type LabelCounts = Pick<BrowsedImage, 'good' | 'bad' | 'skip'>;

const TESTS: Readonly<Record<BrowseLabel, (counts: LabelCounts) => boolean>> = {
  any: () => true,
  good: ({ good, bad }) => good > bad,
  bad: ({ good, bad }) => bad > good,
  disputed: ({ good, bad }) => good > 0 && bad > 0,
  skipped: ({ skip }) => skip > 0,
  none: ({ good, bad, skip }) => good + bad + skip === 0,
};

/**
 * For each order, the sort key of an image. Images with the smallest key come first, and images without a key come
 * last.
 */
const ORDERS: Readonly<Record<Exclude<BrowseOrder, 'drawn'>, (image: BrowsedImage) => number | undefined>> = {
  'reward-high': ({ reward }) => (reward === undefined ? undefined : -reward),
  'reward-low': ({ reward }) => reward,
  disagreement: ({ good, bad }) => (good + bad < 2 ? undefined : Math.abs(good - bad) / (good + bad)),
  'against-reward': ({ good, bad, reward }) =>
    reward === undefined || good + bad === 0 ? undefined : -Math.abs(good / (good + bad) - reward),
};

/** Returns the images that pass the filters in the requested order, `limit` of them from `offset`. */
export async function browseImages(
  project: Project,
  images: ImageStore,
  options: { filter: BrowseFilter; offset: number; limit: number; reward?: string },
): Promise<BrowsePage> {
  const { filter, offset, limit, reward = 'default' } = options;
  const {
    set,
    category,
    label = 'any',
    prompt = '',
    rater,
    rewardFrom,
    rewardTo,
    order = 'drawn',
    isAway = false,
  } = filter;
  const predictions = await readPredictions(rewardFolder(project, reward));
  const rewards = new Map(predictions?.map((prediction) => [prediction.image, prediction.reward]));
  const isWithin = (value: number | undefined) =>
    (rewardFrom === undefined || (value !== undefined && value >= rewardFrom)) &&
    (rewardTo === undefined || (value !== undefined && value <= rewardTo));
  const events = lastWords(await openFeedbackLog(project.paths.feedback).read());
  const byImage = groupBy(
    events.filter((event) => rater === undefined || event.rater === rater),
    (event) => event.image,
  );
  const all = isAway ? images.all({ isWhole: true }).filter(({ id }) => !images.stands(id)) : images.all();
  const wanted = prompt.toLowerCase();
  const found = all
    .filter(
      (image) =>
        (set === undefined || image.set === set) &&
        (category === undefined || image.category === category) &&
        (rater === undefined || byImage.has(image.id)) &&
        image.prompt.toLowerCase().includes(wanted),
    )
    .map((image): BrowsedImage => {
      const scored = rewards.get(image.id);
      const counts = countLabels(byImage.get(image.id) ?? []);
      return { image, ...counts, ...(scored === undefined ? {} : { reward: scored }) };
    })
    .filter((image) => TESTS[label](image) && isWithin(image.reward));
  if (order !== 'drawn') {
    const place = (image: BrowsedImage) => ORDERS[order](image) ?? Number.POSITIVE_INFINITY;
    // Infinity minus itself is no number.
    found.sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
  }
  return {
    total: found.length,
    images: found.slice(offset, offset + limit),
    sets: [...new Set(all.map((image) => image.set))],
    categories: [...new Set(all.map((image) => image.category))],
    raters: [...new Set(events.map((event) => event.rater))],
  };
}

function countLabels(events: readonly Judgement[]): LabelCounts {
  const count = (wanted: Judgement['label']) => events.filter(({ label }) => label === wanted).length;
  return { good: count('good'), bad: count('bad'), skip: count('skip') };
}
