/** The models behind pages in a browser. For tests alone. */
import { CLIP_FOLDER, TINY_MODEL_FOLDER } from '@heed/emoji-world';
import { writeRandomModels } from '../packages/heed/src/testing/random-models.ts';

export interface PageModels {
  readonly model: string;
  readonly clip: string;
  /** Steps of sampling that show what the model can. */
  readonly samplingSteps: number;
}

/** Random ones, which are quick; the built-in trained ones where pictures of the documentation are taken. */
export async function pageModels(folder: string): Promise<PageModels> {
  if (process.env.HEED_SCREENSHOTS === undefined) return { ...(await writeRandomModels(folder)), samplingSteps: 1 };
  return { model: TINY_MODEL_FOLDER, clip: CLIP_FOLDER, samplingSteps: 25 };
}
