/** The progress of labelling by category, comparable with the paper's table 2. */
import { groupBy } from '../collections/group-by.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { orderCategories } from '../prompts/prompt.ts';
import { type LabelShares, labelShares, lastWords } from './judgements.ts';
import { openFeedbackLog } from './log.ts';

/** The labelling progress of one category. */
export interface CategoryStatus extends LabelShares {
  readonly category: string;
  readonly images: number;
  /** Number of images with at least one judgement. */
  readonly judged: number;
}

export interface LabellingStatus {
  readonly set: string;
  /** One row for each category with images, and a last row 'all' for all images. */
  readonly categories: readonly CategoryStatus[];
}

/** Counts the images of a set by category, and the standing labels of these images. */
export async function labellingStatus(project: Project, options: { set?: string } = {}): Promise<LabellingStatus> {
  const { set = 'train' } = options;
  const images = createImageStore(project.paths.images).all({ set });
  const events = lastWords(await openFeedbackLog(project.paths.feedback).read());
  const row = (category: string, ids: ReadonlySet<string>): CategoryStatus => {
    const own = events.filter(({ image }) => ids.has(image));
    return { category, images: ids.size, judged: new Set(own.map(({ image }) => image)).size, ...labelShares(own) };
  };
  const byCategory = groupBy(images, ({ category }) => category);
  const rows = orderCategories(byCategory.keys()).map((category) =>
    row(category, new Set(byCategory.get(category)!.map(({ id }) => id))),
  );
  return { set, categories: [...rows, row('all', new Set(images.map(({ id }) => id)))] };
}
