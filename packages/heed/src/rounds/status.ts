/** The status of a project by round: each model's lineage, its images, and their judgements. */
import { groupBy } from '../collections/group-by.ts';
import { createImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { isGood, labelImages, mayLearnFrom } from '../reward/labelled-image.ts';
import { projectImages } from '../reward/project-images.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import { type Lineage, openRounds, readLineages } from './lineage.ts';

/** A model, with counts of the images that it drew for learning. */
export interface ModelStatus {
  readonly name: string;
  /** Hash of the model's weights; absent for a base model that has drawn no images. */
  readonly modelHash?: string;
  /** Round of the model; 0 for the base model and for models without a lineage. */
  readonly round: number;
  /** The model's lineage; absent for models that no run of this project made. */
  readonly lineage?: Lineage;
  readonly images: number;
  /** Number of images with at least one label good or bad. */
  readonly judged: number;
  /** Share of the judged images that most raters called good; absent when no image is judged. */
  readonly good?: number;
}

export interface ProjectStatus {
  /** Models sorted by round, then by name. */
  readonly models: readonly ModelStatus[];
  /** A sentence on what to do next. */
  readonly next: string;
}

/** Reads the project's models, images and judgements. */
export async function projectStatus(project: Project): Promise<ProjectStatus> {
  const lineages = await readLineages(project);
  const rounds = await openRounds(project);
  const store = createImageStore(project.paths.images);
  const images = (await projectImages(project, store)).filter(mayLearnFrom);
  await store.close();
  const labelled = labelImages(images, await readCountingEvents(project));
  const row = (name: string, round: number, hash: string | undefined, lineage?: Lineage): ModelStatus => {
    const own = labelled.filter(({ image }) => image.modelHash === hash);
    return {
      name,
      ...(hash === undefined ? {} : { modelHash: hash }),
      round,
      ...(lineage === undefined ? {} : { lineage }),
      images: images.filter(({ modelHash }) => modelHash === hash).length,
      judged: own.length,
      ...(own.length === 0 ? {} : { good: own.filter(isGood).length / own.length }),
    };
  };
  const tuned = lineages.map((lineage) => row(lineage.name, lineage.round, lineage.modelHash, lineage));
  const current = new Set(lineages.map(({ modelHash }) => modelHash));
  const others = groupBy(
    images.filter(({ modelHash }) => !current.has(modelHash)),
    ({ modelHash, model }) => JSON.stringify([model, modelHash]),
  );
  const drawn = [...others].map(([key, of]) => {
    const [name] = JSON.parse(key) as [string, string];
    const { modelHash } = of[0]!;
    return row(name, rounds.ofModel(modelHash), modelHash);
  });
  const base = project.config.model.name;
  const first = drawn.some(({ name }) => name === base) ? [] : [row(base, 0, undefined)];
  const models = [...first, ...drawn, ...tuned].sort((a, b) => a.round - b.round);
  return { models, next: nextStep(models.at(-1)!) };
}

function nextStep({ name, round, lineage, images, judged }: ModelStatus): string {
  const model = lineage === undefined ? '' : ` --model ${name}`;
  if (images === 0) return `heed generate${model} draws the images of round ${round + 1}`;
  if (judged === 0) return `heed studio or heed label has the images of round ${round + 1} judged`;
  const how = lineage === undefined ? '' : ` --from ${name}, or --set tune.rounds=all from the base`;
  return `heed reward learns from all rounds; then heed tune --name round-${round + 1}${how}`;
}
