/**
 * D_model of a project: images of the model to tune or of all rounds, labelled or not, of which a method chooses. Once
 * chosen for a run they are written beside it, so that labels that come later do not change a run under way.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { z } from 'zod';
import { groupBy } from '../collections/group-by.ts';
import { DEFAULT_METHOD, type HeedConfig, type MethodName } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { purposeOf } from '../feedback/index.ts';
import { IMPORTED, type ImageRecord, TRY_SET } from '../images/index.ts';
import { type LabelledImage, labelImages, mayLearnFrom } from '../reward/labelled-image.ts';
import { projectImages, uniqueById } from '../reward/project-images.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import { imagesOfPairs, rewardPairs } from '../reward/reward-pairs.ts';
import type { TuneSample } from './batches.ts';
import type { SampleContext } from './method.ts';
import type { TuneOptions, TuneStreams } from './options.ts';
import { readRunChoice, writeRunChoice } from './run-choice.ts';

const Sample = z.object({
  image: z.string(),
  prompt: z.string(),
  reward: z.number().min(0).max(1).optional(),
  label: z.number().min(0).max(1).optional(),
  beats: z.array(z.string()).optional(),
  labelled: z.boolean(),
});

/** What decides which images are chosen, besides the project itself. */
export interface SampleChoice {
  method: MethodName;
  reward: string;
  streams: TuneStreams;
  /** Whose images take part. */
  rounds: HeedConfig['tune']['rounds'];
  /** Prompts kept for choosing. */
  keptPrompts: ReadonlySet<string>;
  /** Seed for shuffling the judgements among the images; undefined leaves them as they are. */
  shuffleSeed: number | undefined;
}

/** Reads the samples that an earlier start of the run chose in the same way, or undefined. */
export function readTuneSamples(path: string, choice: SampleChoice): Promise<TuneSample[] | undefined> {
  return readRunChoice(path, { choice: written(choice), entries: Sample });
}

/** Writes the samples of a run, durably. */
export function writeTuneSamples(path: string, choice: SampleChoice, samples: readonly TuneSample[]): Promise<void> {
  return writeRunChoice(path, written(choice), samples);
}

/** Files from before there were other methods, or rounds, name none. */
function written({ method, reward, streams, rounds, keptPrompts, shuffleSeed }: SampleChoice) {
  return {
    ...(method === DEFAULT_METHOD ? {} : { method }),
    reward,
    streams,
    ...(rounds === 'own' ? {} : { rounds }),
    ...(shuffleSeed === undefined ? {} : { shuffleSeed }),
    ...(keptPrompts.size === 0 ? {} : { keptPrompts: [...keptPrompts] }),
  };
}

/**
 * The images that take part under the run's streams: those that may be learned from and that one of `modelHashes` drew.
 * Images that raters skipped are left out, as in the paper.
 */
export async function findModelImages({
  project,
  store,
  modelHashes,
  keptPrompts,
  options: { streams },
}: Pick<SampleContext, 'project' | 'store' | 'modelHashes' | 'keptPrompts'> & {
  options: { streams: TuneStreams };
}): Promise<{
  labelled: LabelledImage[];
  unlabelled: ImageRecord[];
}> {
  const drawn = (await projectImages(project, store)).filter(mayLearnFrom);
  const images = drawn.filter((image) => modelHashes.has(image.modelHash) && !keptPrompts.has(image.prompt));
  const events = await readCountingEvents(project);
  // An image counts as unjudged if it only measured raters, or if only excluded raters judged it.
  const judged = new Set(events.filter((event) => purposeOf(event) === 'feedback').map(({ image }) => image));
  const all = labelImages(images, events);
  const labelled = streams.labelled ? all : [];
  const unlabelled = streams.unlabelled ? images.filter(({ id, set }) => !judged.has(id) && set !== TRY_SET) : [];
  if (labelled.length + unlabelled.length === 0) {
    const others = drawn.filter(({ modelHash }) => modelHash !== IMPORTED && !modelHashes.has(modelHash)).length;
    const hint = others > 0 ? `; tune.rounds=all takes the ${others} images of other rounds` : '';
    throw badInput(
      `tuning needs images of the model to tune (${[...modelHashes].join(', ')}) to learn from, got none: ${images.length} are of it, ${all.length} of these labelled${hint}`,
    );
  }
  return { labelled, unlabelled };
}

/**
 * The same images, whose rewards and labels have changed places: as many of each value as before. Which image of a
 * preference is the better one is drawn.
 */
export function shuffleJudgements(samples: readonly TuneSample[], seed: number): TuneSample[] {
  const random = createRandom(seed).fork('shuffled judgements');
  const judged = random.shuffle(samples.map(({ reward, label, labelled }) => ({ reward, label, labelled })));
  const coin = random.fork('preferences');
  const drawn = samples.flatMap(({ image, beats = [] }) =>
    beats.map((worse) => (coin.uniform() < 0.5 ? ([image, worse] as const) : ([worse, image] as const))),
  );
  const beats = groupBy(drawn, ([better]) => better);
  return samples.map(({ image, prompt }, i) => {
    const worse = beats.get(image)?.map(([, of]) => of);
    return { image, prompt, ...judged[i]!, ...(worse === undefined ? {} : { beats: worse }) };
  });
}

/** The labelled images with their labels, for methods that read no reward. */
export async function findLabelledSamples(
  context: Pick<SampleContext, 'project' | 'store' | 'modelHashes' | 'keptPrompts' | 'options'>,
): Promise<TuneSample[]> {
  const streams = { labelled: true, unlabelled: false, pretraining: false };
  const { labelled } = await findModelImages({ ...context, options: { streams } });
  return labelled.map(({ image: { id, prompt }, label }) => ({ image: id, prompt, label, labelled: true }));
}

/** The images with labels or preferences, for methods that learn from pairs. Each names those it was preferred to. */
export async function findPreferenceSamples(
  context: Pick<SampleContext, 'project' | 'store' | 'modelHashes' | 'keptPrompts' | 'options'>,
): Promise<TuneSample[]> {
  const { project, store, modelHashes, keptPrompts } = context;
  const images = (await projectImages(project, store)).filter(
    (image) => mayLearnFrom(image) && modelHashes.has(image.modelHash) && !keptPrompts.has(image.prompt),
  );
  const pairs = rewardPairs(uniqueById(images), await readCountingEvents(project)).filter(({ share }) => share !== 0.5);
  if (pairs.length === 0) return findLabelledSamples(context);
  const beats = new Map<string, string[]>();
  for (const { first, second, share } of pairs) {
    const [better, worse] = share > 0.5 ? [first.id, second.id] : [second.id, first.id];
    beats.set(better, [...(beats.get(better) ?? []), worse]);
  }
  const labelled = labelImages(uniqueById(images), await readCountingEvents(project));
  const labels = new Map(labelled.map(({ image, label }) => [image.id, label]));
  return uniqueById([...labelled.map(({ image }) => image), ...imagesOfPairs(pairs)]).map(({ id, prompt }) => ({
    image: id,
    prompt,
    ...(labels.has(id) ? { label: labels.get(id)! } : {}),
    ...(beats.has(id) ? { beats: beats.get(id)! } : {}),
    labelled: true,
  }));
}

/** Throws a sentence where a method that learns from labels must not use them. */
export function checkUsesLabels({ method, streams }: Pick<TuneOptions, 'method' | 'streams'>): void {
  if (!streams.labelled) {
    throw badInput(`tune.method '${method}' learns from labelled images: expected tune.humanData = true, got false`);
  }
}
