/**
 * The models that score images during training: CLIP, the learned reward, and a judging reward trained on other labels
 * than the learned reward.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RgbImage } from '@heed/diffusion';
import { trainJudgingReward } from '../../evaluate/judging-reward.ts';
import type { ImageStore } from '../../images/index.ts';
import type { FetchOptions, Project } from '../../project/index.ts';
import { threadsOf } from '../../project/runtime.ts';
import { findRewardConfig, loadRewardModel, type RewardModel, saveRewardModel } from '../../reward/reward-model.ts';
import { scoredTexts, scoreImages } from '../../reward/score-images.ts';
import { openProjectFeatures, rewardFolder, rowsAsFeatures, textNormOf } from '../../reward/scorer.ts';
import type { TextNorm } from '../../reward/text-norm.ts';

export interface WatchJudges {
  /** CLIP's embeddings of images, [N, P]. */
  embed(images: readonly RgbImage[]): Promise<Float32Array>;
  readonly projectionDim: number;
  /**
   * The learned reward r(x, z) of N images for N prompts, computed from CLIP embeddings of the images; undefined when
   * there is no such reward.
   */
  readonly reward?: ((prompts: readonly string[], images: Float32Array) => Promise<Float32Array>) | undefined;
  readonly judge?: ((prompts: readonly string[], images: Float32Array) => Promise<Float32Array>) | undefined;
  close(): Promise<void>;
}

/** Opens the judges. The judging reward is trained once for each run and stored in `folder`. */
export async function openWatchJudges(
  project: Project,
  {
    folder,
    reward,
    store,
    note,
    ...fetching
  }: FetchOptions & { folder: string; reward: string; store: ImageStore; note: (sentence: string) => void },
): Promise<WatchJudges> {
  const { features, clip, clipHash, close } = await openProjectFeatures(project, fetching);
  const opened: RewardModel[] = [];
  const threads = threadsOf(project);
  const load = async (from: string) => {
    const model = await loadRewardModel(from, { clipHash, threads });
    opened.push(model);
    return model;
  };
  const scoring = (model: RewardModel | undefined, norm?: TextNorm | undefined) =>
    model &&
    (async (prompts: readonly string[], images: Float32Array) => {
      const asked = prompts.map((prompt, i) => ({ id: String(i), prompt }));
      await features.prepareTexts(scoredTexts(asked, norm));
      return scoreImages(model, asked, rowsAsFeatures(features, images), norm);
    });
  try {
    const hasReward = (await findRewardConfig(rewardFolder(project, reward))) !== undefined;
    const learned = hasReward ? await load(rewardFolder(project, reward)) : undefined;
    const kept = join(folder, 'judge');
    let judge: RewardModel | undefined;
    if (existsSync(join(kept, 'config.json'))) judge = await load(kept);
    else if (hasReward) {
      const exclude = new Set<string>();
      const trained = await trainJudgingReward(project, { reward, exclude, features, store, signal: fetching.signal });
      if (typeof trained === 'string') note(trained);
      else {
        await saveRewardModel(kept, trained.model, { clipHash, training: { labels: trained.labels } });
        judge = trained.model;
        opened.push(judge);
      }
    } else note(`there is no reward '${reward}', so that the run is watched by its pictures alone`);
    return {
      embed: (images) => clip.embedImages(images),
      projectionDim: clip.projectionDim,
      reward: scoring(learned, learned && (await textNormOf(project, learned.config))),
      judge: scoring(judge),
      async close() {
        for (const model of opened) model.dispose();
        await close();
      },
    };
  } catch (error) {
    for (const model of opened) model.dispose();
    await close();
    throw error;
  }
}
