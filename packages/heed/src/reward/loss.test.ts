// The reward's loss against the same numbers worked out by hand in plain arithmetic.
import { compile, createRandom, initializeParameters, type ParameterValues } from '@heed/diffusion/autodiff';
import { expect, it } from 'vitest';
import { rewardLoss } from './loss.ts';
import { rewardParameterSpecs } from './reward-model.ts';

const P = 3;
const H = 5;
const B = 4;
const GOOD = 2;
const N = 2;
const architecture = { projectionDim: P, hiddenSize: H };

/** The MLP of appendix D in plain loops. */
function rewardByHand(parameters: ParameterValues, text: ArrayLike<number>, image: ArrayLike<number>): number {
  const layer = (name: string, x: number[]) => {
    const weight = parameters.get(`${name}.weight`)!;
    const bias = parameters.get(`${name}.bias`)!;
    return Array.from(bias.data, (b, o) =>
      x.reduce((sum, value, i) => sum + value * weight.data[o * x.length + i]!, b),
    );
  };
  const relu = (x: number[]) => x.map((value) => Math.max(0, value));
  const [logit] = layer(
    'output',
    relu(layer('layers.1', relu(layer('layers.0', [...Array.from(text), ...Array.from(image)])))),
  );
  return 1 / (1 + Math.exp(-logit!));
}

it('is L_mse + lambda * L_pc over good images', async () => {
  const random = createRandom(3);
  const parameters = initializeParameters(rewardParameterSpecs(architecture), random);
  const textEmbeds = random.fillNormal(new Float32Array(B * P));
  const perturbedEmbeds = random.fillNormal(new Float32Array(GOOD * N * P));
  const imageEmbeds = random.fillNormal(new Float32Array(B * P));
  const labels = Float32Array.of(1, 1, 0, 0.5);
  const temperature = 2;
  const lambda = 0.5;

  const loss = await compile({
    name: 'reward loss',
    parameters,
    inputs: {
      textEmbeds: { shape: [B, P] },
      imageEmbeds: { shape: [B, P] },
      labels: { shape: [B] },
      perturbedEmbeds: { shape: [GOOD, N, P] },
      originalIndex: { shape: [GOOD], dtype: 'int64' as const },
    },
    build: (p, { perturbedEmbeds: others, originalIndex, ...batch }) => {
      const {
        loss: total,
        meanSquaredError,
        promptClassification,
      } = rewardLoss(p, batch, {
        architecture,
        perturbed: { textEmbeds: others, originalIndex },
        temperature,
        lambda,
      });
      return { total, meanSquaredError, promptClassification: promptClassification! };
    },
  });
  const actual = await loss.run({
    textEmbeds,
    imageEmbeds,
    labels,
    perturbedEmbeds,
    originalIndex: new BigInt64Array(GOOD),
  });
  loss.dispose();

  const row = (rows: Float32Array, i: number) => rows.slice(i * P, (i + 1) * P);
  const r = (image: number, text: Float32Array) => rewardByHand(parameters, text, row(imageEmbeds, image));
  const own = (image: number) => r(image, row(textEmbeds, image));
  const mse = Array.from(labels, (y, i) => (y - own(i)) ** 2).reduce((a, b) => a + b) / B;
  const crossEntropies = [0, 1].map((i) => {
    const rewards = [own(i), r(i, row(perturbedEmbeds, i * N)), r(i, row(perturbedEmbeds, i * N + 1))];
    const exponentials = rewards.map((reward) => Math.exp(reward / temperature));
    return -Math.log(exponentials[0]! / exponentials.reduce((a, b) => a + b));
  });
  const pc = (crossEntropies[0]! + crossEntropies[1]!) / 2;
  expect(actual.meanSquaredError[0]).toBeCloseTo(mse, 5);
  expect(actual.promptClassification[0]).toBeCloseTo(pc, 5);
  expect(actual.total[0]).toBeCloseTo(mse + lambda * pc, 5);
});
