/** The images of a project with what people said of them, filtered and paged. */
import { groupBy } from '../../collections/group-by.ts';
import { type Judgement, lastWords, openFeedbackLog } from '../../feedback/index.ts';
import type { ImageRecord } from '../../images/record.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';

/** What an image must be to be shown. */
export const BROWSE_LABELS = ['any', 'good', 'bad', 'disputed', 'skipped', 'none'] as const;
export type BrowseLabel = (typeof BROWSE_LABELS)[number];

export interface BrowseFilter {
  readonly set?: string | undefined;
  readonly category?: string | undefined;
  readonly label?: BrowseLabel | undefined;
  /** A part of the prompt, in any case. */
  readonly prompt?: string | undefined;
  readonly rater?: string | undefined;
}

export interface BrowsedImage {
  readonly image: ImageRecord;
  readonly good: number;
  readonly bad: number;
  readonly skip: number;
}

export interface BrowsePage {
  readonly total: number;
  readonly images: readonly BrowsedImage[];
  /** What the filters can be set to. */
  readonly sets: readonly string[];
  readonly categories: readonly string[];
  readonly raters: readonly string[];
}

const TESTS: Readonly<Record<BrowseLabel, (counts: Omit<BrowsedImage, 'image'>) => boolean>> = {
  any: () => true,
  good: ({ good, bad }) => good > bad,
  bad: ({ good, bad }) => bad > good,
  disputed: ({ good, bad }) => good > 0 && bad > 0,
  skipped: ({ skip }) => skip > 0,
  none: ({ good, bad, skip }) => good + bad + skip === 0,
};

/** The images that pass, in the order in which they were drawn, `limit` of them from `offset`. */
export async function browseImages(
  project: Project,
  images: ImageStore,
  options: { filter: BrowseFilter; offset: number; limit: number },
): Promise<BrowsePage> {
  const { filter, offset, limit } = options;
  const { set, category, label = 'any', prompt = '', rater } = filter;
  const events = lastWords(await openFeedbackLog(project.paths.feedback).read());
  const byImage = groupBy(
    events.filter((event) => rater === undefined || event.rater === rater),
    (event) => event.image,
  );
  const all = images.all();
  const wanted = prompt.toLowerCase();
  const found = all
    .filter(
      (image) =>
        (set === undefined || image.set === set) &&
        (category === undefined || image.category === category) &&
        (rater === undefined || byImage.has(image.id)) &&
        image.prompt.toLowerCase().includes(wanted),
    )
    .map((image) => ({ image, ...countLabels(byImage.get(image.id) ?? []) }))
    .filter(TESTS[label]);
  return {
    total: found.length,
    images: found.slice(offset, offset + limit),
    sets: [...new Set(all.map((image) => image.set))],
    categories: [...new Set(all.map((image) => image.category))],
    raters: [...new Set(events.map((event) => event.rater))],
  };
}

function countLabels(events: readonly Judgement[]): Omit<BrowsedImage, 'image'> {
  const count = (wanted: Judgement['label']) => events.filter(({ label }) => label === wanted).length;
  return { good: count('good'), bad: count('bad'), skip: count('skip') };
}
