/**
 * Embeddings, labels, first weights and the batches that `trainReward` will compose from them. An image is good where
 * its embedding points with its prompt's.
 */
import { createRandom, initializeParameters, type ParameterValues } from '@heed/diffusion/autodiff';
import { planBatches } from '../../packages/heed/src/reward/batch-plan.ts';
import { rewardParameterSpecs } from '../../packages/heed/src/reward/reward-model.ts';
import { REWARD_SEED, type RewardWorld, rewardWorld } from '../reward-world.ts';
import type { RewardTrainingSettings } from '../settings.ts';
import { type Inputs, tensor } from './files.ts';

/**
 * `texts` [prompts, P], `perturbed` [prompts, N, P], `images` [pairs, P], `promptOf` and `labels` [pairs], `weights.*`.
 * `validation` holds rows of images. `plan` [epochs, batches, B] holds rows of images; the first `good` ones of a batch
 * are good.
 */
export async function rewardTrainingInputs(_folder: string, settings: RewardTrainingSettings): Promise<Inputs> {
  const tensors = embeddings(settings);
  const world = rewardWorld(tensors, settings);
  const { batches, good } = composedBatches(world, settings);
  tensors.set('plan', tensor([settings.epochs, batches[0]!.length, batches[0]![0]!.length], batches.flat(2)));
  tensors.set('good', tensor([1], [good]));
  tensors.set(
    'validation',
    tensor(
      [settings.validationPairs],
      world.validation.map(({ image }) => image.seed),
    ),
  );
  const weights = initializeParameters(rewardParameterSpecs(settings), createRandom(REWARD_SEED).fork('weights'));
  for (const [name, value] of weights) tensors.set(`weights.${name}`, value);
  return { tensors };
}

function embeddings(settings: RewardTrainingSettings): ParameterValues {
  const { prompts, perturbations, trainingPairs, validationPairs, projectionDim: length } = settings;
  const pairs = trainingPairs + validationPairs;
  const random = createRandom(REWARD_SEED).fork('embeddings');
  const normal = (count: number) => random.fillNormal(new Float32Array(count * length));
  const texts = normal(prompts);
  const images = normal(pairs);
  const promptOf = Array.from({ length: pairs }, () => random.integer(prompts));
  const labels = promptOf.map((prompt, pair) => {
    let product = 0;
    for (let i = 0; i < length; i++) product += texts[prompt * length + i]! * images[pair * length + i]!;
    return product > 0 ? 1 : 0;
  });
  return new Map([
    ['texts', tensor([prompts, length], texts)],
    ['perturbed', tensor([prompts, perturbations, length], normal(prompts * perturbations))],
    ['images', tensor([pairs, length], images)],
    ['promptOf', tensor([pairs], promptOf)],
    ['labels', tensor([pairs], labels)],
  ]);
}

/**
 * Rows of images of each batch of each epoch, as `trainReward` draws them: a divergence shows in the check of the
 * losses.
 */
function composedBatches({ training, perturbedPrompts }: RewardWorld, { batchSize, epochs }: RewardTrainingSettings) {
  const plan = planBatches(training, { batchSize, perturbedPrompts });
  const random = createRandom(REWARD_SEED);
  random.fork('weights');
  const batches = Array.from({ length: epochs }, (_, epoch) =>
    plan.compose(random.fork(`epoch ${epoch + 1}`)).map((items) => items.map(({ image }) => image.seed)),
  );
  return { batches, good: plan.good };
}
