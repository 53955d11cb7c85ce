/**
 * Labels saved by asking for the right ones: a reward trained on more and more labels of a judged project, chosen as
 * `heed next` chooses or at random, each measured on the same held-out pairs. Prints the accuracy at each number of
 * labels, and the labels that either way needs for `--accuracy`:
 *
 *     npx tsx tools/labels-saved.ts --project demo --seeds 3 --start 200 --step 200 --accuracy 0.75
 */
import { parseArgs } from 'node:util';
import { createRandom } from '../packages/diffusion/src/autodiff.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { type RankedCandidate, rankCandidates, weakCategories } from '../packages/heed/src/next/rank-images.ts';
import { worldOf } from '../packages/heed/src/parts.ts';
import { openProject, type Project } from '../packages/heed/src/project/index.ts';
import { accuracyTable, clipScores, pairOutcomes } from '../packages/heed/src/reward/accuracy.ts';
import type { Features } from '../packages/heed/src/reward/features.ts';
import { type LabelledImage, mayLearnFrom, splitLabelledImages } from '../packages/heed/src/reward/labelled-image.ts';
import { perturbPrompts } from '../packages/heed/src/reward/perturbed-prompts.ts';
import { projectImages } from '../packages/heed/src/reward/project-images.ts';
import { readLabels } from '../packages/heed/src/reward/project-labels.ts';
import { ensembleOf } from '../packages/heed/src/reward/reward-model.ts';
import { scoreImages, spreadOfImages } from '../packages/heed/src/reward/score-images.ts';
import { openProjectFeatures } from '../packages/heed/src/reward/scorer.ts';
import { trainReward } from '../packages/heed/src/reward/train.ts';
import { categoryTrust } from '../packages/heed/src/reward/trust.ts';

const { values } = parseArgs({
  options: {
    project: { type: 'string', default: 'demo' },
    seeds: { type: 'string', default: '3' },
    start: { type: 'string', default: '200' },
    step: { type: 'string', default: '200' },
    most: { type: 'string', default: '1200' },
    members: { type: 'string', default: '3' },
    accuracy: { type: 'string', default: '0.75' },
  },
});
const numbers = Object.fromEntries(
  Object.entries(values).flatMap(([name, value]) => (name === 'project' ? [] : [[name, Number(value)]])),
) as Record<'seeds' | 'start' | 'step' | 'most' | 'members' | 'accuracy', number>;
const WAYS = ['random', 'next'] as const;

const project = await openProject(values.project);
const store = createImageStore(project.paths.images);
const labelled = await readLabels(project, await projectImages(project, store));
const { features, close } = await openProjectFeatures(project);
const perturbed = perturbPrompts(labelled, {
  count: project.config.reward.perturbations,
  seed: project.config.seed,
  world: await worldOf(project.config),
  prompts: labelled.filter(({ image }) => mayLearnFrom(image)).map(({ image }) => image.prompt),
}).byPrompt;
await features.prepareImages(
  labelled.map(({ image }) => image.id),
  (id) => store.read(id),
);
await features.prepareTexts([...labelled.map(({ image }) => image.prompt), ...[...perturbed.values()].flat()]);

const rows: { seed: number; way: string; labels: number; accuracy: number }[] = [];
for (let seed = 0; seed < numbers.seeds; seed++) {
  const split = splitLabelledImages(labelled, { seed, testShare: 0.25 });
  for (const way of WAYS) {
    let known = createRandom(seed)
      .fork('first labels')
      .shuffle([...split.training])
      .slice(0, numbers.start);
    while (known.length <= Math.min(numbers.most, split.training.length)) {
      const found = await measure(project, features, { known, split, seed });
      rows.push({ seed, way, labels: known.length, accuracy: found.accuracy });
      console.log(`seed ${seed}  ${way.padEnd(6)}  ${known.length} labels  ${(100 * found.accuracy).toFixed(1)} %`);
      const open = split.training.filter((item) => !known.includes(item));
      if (open.length === 0) break;
      const asked =
        way === 'next'
          ? found.rank(open)
          : createRandom(seed)
              .fork(`${known.length}`)
              .shuffle([...open]);
      known = [...known, ...asked.slice(0, numbers.step)];
      found.dispose();
    }
  }
}
await close();
await store.close();
for (const way of WAYS) {
  const needed = Array.from({ length: numbers.seeds }, (_, seed) => {
    const reached = rows.find((row) => row.seed === seed && row.way === way && row.accuracy >= numbers.accuracy);
    return reached?.labels ?? `more than ${numbers.most}`;
  });
  console.log(`${way}: ${needed.join(', ')} labels for ${100 * numbers.accuracy} % of pairs`);
}

/** Trains an ensemble on the labels that are known, and ranks others by it. */
async function measure(
  { config }: Project,
  embeddings: Features,
  {
    known,
    split,
    seed,
  }: { known: readonly LabelledImage[]; split: ReturnType<typeof splitLabelledImages>; seed: number },
) {
  const { hidden, temperature, lambda, perturbations, learningRate, weightDecay, batchSize, epochs, patience } =
    config.reward;
  const models = [];
  for (let member = 0; member < numbers.members; member++) {
    const { model } = await trainReward({
      training: known,
      validation: split.validation,
      features: embeddings,
      perturbedPrompts: perturbed,
      options: {
        hiddenSize: hidden,
        temperature,
        lambda,
        perturbations,
        learningRate,
        weightDecay,
        batchSize,
        maxEpochs: epochs,
        patience,
      },
      seed: 1000 * seed + member,
    });
    models.push(model);
  }
  const model = ensembleOf(models);
  const test = split.test.map(({ image }) => image);
  const table = accuracyTable(pairOutcomes(split.test, await scoreImages(model, test, embeddings)));
  // What is weak is judged on the images that training stops by: the test must not choose labels.
  const inner = split.validation.map(({ image }) => image);
  const validation = accuracyTable(pairOutcomes(split.validation, await scoreImages(model, inner, embeddings)));
  const weak = weakCategories({
    trust: categoryTrust(validation, new Set(inner.map(({ category }) => category))),
    accuracy: { clip: accuracyTable(pairOutcomes(split.validation, clipScores(inner, embeddings))) },
  });
  const candidates = split.training.filter((item) => !known.includes(item)).map(({ image }) => image);
  const rewards = await scoreImages(model, candidates, embeddings);
  const spreads = await spreadOfImages(model, candidates, embeddings);
  return {
    accuracy: table.all.accuracy!.mean,
    dispose: () => model.dispose(),
    rank(open: readonly LabelledImage[]): LabelledImage[] {
      const byId = new Map(open.map((item) => [item.image.id, item]));
      const scored = candidates.map(({ id, prompt, category }, i) => ({
        id,
        prompt,
        category,
        reward: rewards[i]!,
        spread: spreads[i]!,
      }));
      return rankCandidates(scored, { weak, count: scored.length }).flatMap(
        ({ id }: RankedCandidate) => byId.get(id) ?? [],
      );
    },
  };
}
