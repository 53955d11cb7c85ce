/**
 * `npx tsx tools/ceiling/reward-features.ts PROJECT`: the same reward from other features of the images. Beside CLIP's
 * embedding stand mean and deviation of U-Net blocks, of the picture with a little noise. Labels are the project's;
 * accuracies are on pairs that nothing was learned from, `best` on the images of evaluation.
 */
import { parseArgs } from 'node:util';
import { loadModel, type RgbImage } from '@heed/diffusion';
import { formatTable } from '../../packages/heed/src/cli/table.ts';
import { groupBy } from '../../packages/heed/src/collections/group-by.ts';
import { createImageStore, EVALUATION_SET } from '../../packages/heed/src/images/index.ts';
import { worldOf } from '../../packages/heed/src/parts.ts';
import { silentProgress } from '../../packages/heed/src/progress/index.ts';
import { baseModelFolder, openProject } from '../../packages/heed/src/project/index.ts';
import { accuracyTable, pairOutcomes } from '../../packages/heed/src/reward/accuracy.ts';
import {
  isGood,
  type LabelledImage,
  mayLearnFrom,
  splitLabelledImages,
} from '../../packages/heed/src/reward/labelled-image.ts';
import { perturbPrompts } from '../../packages/heed/src/reward/perturbed-prompts.ts';
import { projectImages } from '../../packages/heed/src/reward/project-images.ts';
import { readLabels } from '../../packages/heed/src/reward/project-labels.ts';
import { scoreImages } from '../../packages/heed/src/reward/score-images.ts';
import { openProjectFeatures } from '../../packages/heed/src/reward/scorer.ts';
import { trainReward } from '../../packages/heed/src/reward/train.ts';
import { bootstrapMean, type Interval } from '../../packages/heed/src/statistics/index.ts';
import { unetFeatures } from './features.ts';
import { principalComponents } from './principal-components.ts';
import { standardiser } from './standardise.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '1' }, timestep: { type: 'string', default: '20' } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('expected one project folder, which has judged images');

const project = await openProject(folder);
const { reward: settings, seed: projectSeed } = project.config;
const store = createImageStore(project.paths.images);
const all = await projectImages(project, store);
const labelled = await readLabels(project, all);
const images = labelled.map(({ image }) => image);
const { features: clipRows, close } = await openProjectFeatures(project, { progress: silentProgress });
await clipRows.prepareImages(
  images.map(({ id }) => id),
  (id) => store.read(id),
);
const pictures: RgbImage[] = [];
for (const { id } of images) pictures.push(await store.read(id));
await store.close();
const components = await loadModel(await baseModelFolder(project, {}), {});
const blocks = await unetFeatures(components, { images: pictures, timestep: Number(values.timestep), seed: 0 });
const indexOf = new Map(images.map(({ id }, i) => [id, i]));

/** What stands beside CLIP's embedding: whole blocks, or so many principal components of them. */
const VARIANTS: Record<string, { readonly blocks: readonly string[]; readonly components?: number }> = {
  CLIP: { blocks: [] },
  'CLIP and up_blocks.0': { blocks: ['U-Net up_blocks.0'] },
  'CLIP and 32 of up_blocks.0': { blocks: ['U-Net up_blocks.0'], components: 32 },
  'CLIP and 8 of up_blocks.0': { blocks: ['U-Net up_blocks.0'], components: 8 },
};

/** Texts and images as rows of one width: zeros stand beside the texts. */
function featuresWith({ blocks: names, components: kept }: (typeof VARIANTS)[string]) {
  const clipWidth = clipRows.projectionDim;
  const chosen = names.map((name) => standardised(kept ? principalComponents(blocks[name]!, kept) : blocks[name]!));
  const width = clipWidth + chosen.reduce((sum, each) => sum + each.width, 0);
  const rows = new Map<string, Float32Array>();
  const text = (prompt: string) => {
    const row = rows.get(prompt) ?? new Float32Array(width);
    row.set(clipRows.text(prompt));
    rows.set(prompt, row);
    return row;
  };
  const pictureRows = images.map(({ id }, i) => {
    const row = new Float32Array(width);
    row.set(clipRows.image(id));
    let at = clipWidth;
    for (const { rows: own, width: size } of chosen) {
      row.set(own.subarray(i * size, (i + 1) * size), at);
      at += size;
    }
    return row;
  });
  return { ...clipRows, projectionDim: width, text, image: (id: string) => pictureRows[indexOf.get(id)!]! };
}

/** To mean 0 and the size of CLIP's numbers. */
function standardised({ rows, width }: { rows: Float32Array; width: number }) {
  let squares = 0;
  for (const { id } of images) squares += clipRows.image(id).reduce((sum, value) => sum + value * value, 0);
  const size = Math.sqrt(squares / (images.length * clipRows.projectionDim));
  return { rows: Float32Array.from(standardiser(rows, width)(rows), (value) => size * value), width };
}

/** Share of good ones among the best 4 of each prompt's images of evaluation. */
function bestOf(scores: ArrayLike<number>, measured: readonly LabelledImage[]): Interval {
  const scored = measured.map((item, i) => ({ item, score: scores[i]! }));
  const ofEvaluation = scored.filter(({ item }) => item.image.set === EVALUATION_SET);
  const byPrompt = groupBy(ofEvaluation, ({ item }) => item.image.prompt);
  return bootstrapMean(
    [...byPrompt.values()].map((each) =>
      each
        .toSorted((a, b) => b.score - a.score)
        .slice(0, 4)
        .map(({ item }) => (isGood(item) ? 1 : 0)),
    ),
  );
}

const percent = ({ mean, lo, hi }: Interval) =>
  `${(100 * mean).toFixed(1)} [${(100 * lo).toFixed(1)}, ${(100 * hi).toFixed(1)}]`;
const world = await worldOf(project.config);
const rows: string[][] = [];
for (let seed = projectSeed; seed < projectSeed + Number(values.seeds); seed++) {
  const split = splitLabelledImages(labelled, { seed, testShare: settings.testShare });
  const perturbed = perturbPrompts([...split.training, ...split.validation], {
    count: settings.perturbations,
    seed,
    world,
    prompts: all.filter(mayLearnFrom).map(({ prompt }) => prompt),
  });
  await clipRows.prepareTexts([...images.map(({ prompt }) => prompt), ...[...perturbed.byPrompt.values()].flat()]);
  for (const [name, variant] of Object.entries(VARIANTS)) {
    const features = featuresWith(variant);
    const { model, bestEpoch } = await trainReward({
      training: split.training,
      validation: split.validation,
      features,
      perturbedPrompts: perturbed.byPrompt,
      seed,
      options: {
        hiddenSize: settings.hidden,
        temperature: settings.temperature,
        lambda: settings.lambda,
        perturbations: settings.perturbations,
        learningRate: settings.learningRate,
        weightDecay: settings.weightDecay,
        batchSize: settings.batchSize,
        maxEpochs: settings.epochs,
        patience: settings.patience,
      },
    });
    const scores = await scoreImages(
      model,
      split.test.map(({ image }) => image),
      features,
    );
    model.dispose();
    const table = accuracyTable(pairOutcomes(split.test, scores));
    const cells = ['colour', 'count', 'background', 'combination'].flatMap((category) => {
      const own = table.byCategory[category];
      return [own?.seen.accuracy, own?.unseen.accuracy].map((each) => (each ? percent(each) : '-'));
    });
    rows.push([
      String(seed),
      name,
      percent(table.seen.accuracy!),
      percent(table.unseen.accuracy!),
      ...cells,
      percent(bestOf(scores, split.test)),
      String(bestEpoch),
    ]);
    console.error(rows.at(-1)!.join(' | '));
  }
}
await close();
const heads = ['colour', 'count', 'background', 'combination'].flatMap((name) => [`${name}, seen`, 'unseen']);
console.log(
  formatTable([['seed', 'features', 'pairs, seen', 'unseen', ...heads, 'best 4 of 16', 'epoch'], ...rows]).join('\n'),
);
