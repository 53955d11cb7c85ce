/**
 * The server's image model, and the reward model that chooses among its images. Both models stay loaded until disposed.
 */
import {
  defaultBatchSize,
  defaultCuts,
  loadClip,
  loadModel,
  nativeSize,
  type RgbImage,
  type StableDiffusionComponents,
  StableDiffusionPipeline,
  sideMultiple,
  vaeScale,
} from '@heed/diffusion';
import type { ModelFile } from '../images/parameters.ts';
import { clipFolder, modelFolder, type Project } from '../project/index.ts';
import { modelFileOf } from '../project/model-file.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { runtimeOf, threadsOf } from '../project/runtime.ts';
import { clipHashOf } from '../reward/clip-hash.ts';
import { loadRewardModel } from '../reward/reward-model.ts';
import { scoredTexts, scoreImages } from '../reward/score-images.ts';
import { rewardFolder, rowsAsFeatures, textNormOf } from '../reward/scorer.ts';
import type { Drawing } from './drawing-queue.ts';
import type { SizeLimits } from './image-size.ts';

/** A picture with the seed that generated it. */
export interface DrawnPicture {
  readonly image: RgbImage;
  readonly seed: number;
  /** The picture's reward, when it was chosen among pruned candidates. */
  readonly reward?: number;
}

/** Generates and scores images. */
export interface ImageModel {
  readonly size: SizeLimits;
  /** The model's file, when the model is a single file. */
  readonly modelFile: ModelFile | undefined;
  /** The largest batch of pictures with this size and number of candidates. */
  batchSize(like: Pick<Drawing, 'width' | 'height' | 'candidates'>): number;
  /** Generates at most `batchSize` pictures, all with the same size and the same number of candidates. */
  draw(batch: readonly Drawing[], signal: AbortSignal): Promise<DrawnPicture[]>;
  /** The reward r(x, z) of each picture for one prompt; undefined when no reward model was loaded. */
  readonly score?: (prompt: string, images: readonly RgbImage[], signal: AbortSignal) => Promise<Float32Array>;
  dispose(): Promise<void>;
}

/**
 * The largest number of compiled graphs. Each combination of size and batch needs a compiled graph, which holds memory.
 * When one more graph than this is needed, all earlier graphs are released first.
 */
const MAX_SHAPES = 8;

/**
 * Loads the model `name` and, if `reward` is given, the reward of that name. Generates one picture, so that the first
 * client does not wait for compilation.
 */
export async function openImageModel(
  project: Project,
  { name, reward, signal }: { name: string; reward?: string | undefined; signal: AbortSignal },
): Promise<ImageModel> {
  const source = await modelFolder(project, name, { signal });
  const components = await loadModel(source, weightsOptions(project, name));
  const scorer = reward === undefined ? undefined : await openScorer(project, reward, signal);
  const side = nativeSize(components);
  const { draw, drawBest, dispose } = createDrawer(project, { components, runtime: await runtimeOf(project) });
  const size = { width: side, height: side, multiple: sideMultiple(components) };
  const model: ImageModel = {
    size,
    modelFile: await modelFileOf(source, signal),
    // All candidates of a pruned picture are denoised together, apart from those of other requests.
    batchSize: ({ candidates, ...like }) => (candidates === undefined ? batchSizeOf(project, components, like) : 1),
    async draw(batch, stop) {
      const [first] = batch;
      if (first?.candidates !== undefined) return [await drawBest(first, scorer!.score, stop)];
      const images = await draw(batch, stop);
      return images.map((image, i) => ({ image, seed: batch[i]!.seed }));
    },
    ...(scorer === undefined ? {} : { score: scorer.score }),
    async dispose() {
      await Promise.all([dispose(), scorer?.dispose()]);
    },
  };
  try {
    const images = await draw([{ prompt: 'a picture', seed: 0, ...size }], signal);
    await scorer?.score('a picture', images, signal);
    return model;
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

type Score = NonNullable<ImageModel['score']>;

function createDrawer(
  project: Project,
  { components, runtime }: { components: StableDiffusionComponents; runtime: Awaited<ReturnType<typeof runtimeOf>> },
) {
  const { sampler, steps, guidanceScale } = project.config.sample;
  const sampling = { sampler, steps, guidanceScale };
  let pipeline: StableDiffusionPipeline | undefined;
  const shapes = new Set<string>();
  const pipelineFor = async (shape: string) => {
    if (!shapes.has(shape) && shapes.size === MAX_SHAPES) {
      await pipeline?.dispose();
      pipeline = undefined;
      shapes.clear();
    }
    shapes.add(shape);
    pipeline ??= new StableDiffusionPipeline(components, runtime);
    return pipeline;
  };
  return {
    async draw(batch: readonly Drawing[], signal: AbortSignal): Promise<RgbImage[]> {
      const { width, height } = batch[0]!;
      // Batch sizes are powers of two, so that few graphs are compiled. The batch size does not change a picture.
      const batchSize = 2 ** Math.ceil(Math.log2(batch.length));
      const opened = await pipelineFor(`${width}x${height}x${batchSize}`);
      return opened.generate({
        prompts: batch.map(({ prompt }) => prompt),
        seeds: batch.map(({ seed }) => seed),
        ...sampling,
        width,
        height,
        batchSize,
        signal,
      });
    },
    async drawBest(
      { prompt, seed, width, height, candidates: of = 1 }: Drawing,
      score: Score,
      signal: AbortSignal,
    ): Promise<DrawnPicture> {
      const opened = await pipelineFor(`${width}x${height}, best of ${of}`);
      const { images, seeds } = await opened.generateBest({
        prompt,
        seeds: Array.from({ length: of }, (_, i) => seed + i),
        ...sampling,
        width,
        height,
        batchSize: batchSizeOf(project, components, { width, height }),
        cuts: defaultCuts({ of, keep: 1 }),
        score: (pictures) => score(prompt, pictures, signal),
        signal,
      });
      const [reward] = await score(prompt, images, signal);
      return { image: images[0]!, seed: seeds[0]!, reward: reward! };
    },
    dispose: async () => pipeline?.dispose(),
  };
}

/** The largest batch size: a power of two, since `draw` pads every batch to a power of two. */
function batchSizeOf(project: Project, { vae }: StableDiffusionComponents, size: { width: number; height: number }) {
  const factor = vaeScale(vae.config);
  const most = defaultBatchSize({ width: size.width / factor, height: size.height / factor });
  return 2 ** Math.floor(Math.log2(Math.min(project.config.sample.batchSize, most)));
}

async function openScorer(project: Project, reward: string, signal: AbortSignal) {
  const folder = await clipFolder(project, { signal });
  const clip = await loadClip(folder, await runtimeOf(project));
  try {
    const threads = threadsOf(project);
    const model = await loadRewardModel(rewardFolder(project, reward), { clipHash: await clipHashOf(folder), threads });
    const norm = await textNormOf(project, model.config);
    return {
      async score(prompt: string, images: readonly RgbImage[], stop: AbortSignal): Promise<Float32Array> {
        const asked = images.map((_, i) => ({ id: String(i), prompt }));
        const texts = scoredTexts(asked, norm);
        const embeds = await clip.embedTexts(texts, { batchSize: 1, signal: stop });
        const seen = await clip.embedImages(images, { signal: stop });
        const { projectionDim } = clip;
        const text = (wanted: string) => {
          const i = texts.indexOf(wanted);
          return embeds.subarray(i * projectionDim, (i + 1) * projectionDim);
        };
        return scoreImages(model, asked, rowsAsFeatures({ projectionDim, text }, seen), norm);
      },
      async dispose() {
        model.dispose();
        await clip.dispose();
      },
    };
  } catch (error) {
    await clip.dispose();
    throw error;
  }
}
