// The Bradley-Terry loss of the reward and its gradients beside PyTorch's (tools/reference/make_pair_loss.py).
import { readFileSync } from 'node:fs';
import { compile, gradients, type Tensor } from '@heed/diffusion/autodiff';
import { expect, it } from 'vitest';
import { pairLoss } from './loss.ts';

interface Golden {
  readonly weights: Record<string, { shape: number[]; data: number[] }>;
  readonly text: number[];
  readonly first: number[];
  readonly second: number[];
  readonly shares: number[];
  readonly loss: number;
  readonly gradients: Record<string, number[]>;
}

const golden: Golden = JSON.parse(readFileSync(new URL('./golden/pair-loss.json', import.meta.url), 'utf8'));
const [P, H, Q] = [3, 5, 4] as const;

it('and its gradients are those of PyTorch within 1e-5', async () => {
  const names = Object.keys(golden.weights);
  const parameters = new Map(
    names.map((name) => {
      const { shape, data } = golden.weights[name]!;
      return [name, { shape, data: Float32Array.from(data) }] as const;
    }),
  );
  const shape: number[] = [Q, P];
  const graph = await compile({
    name: 'pair loss',
    parameters,
    inputs: {
      textEmbeds: { shape },
      firstEmbeds: { shape },
      secondEmbeds: { shape },
      shares: { shape: [Q] },
    },
    build: (p, batch): Record<string, Tensor> => {
      const loss = pairLoss(p, batch, { architecture: { projectionDim: P, hiddenSize: H } });
      const slopes = gradients(
        loss,
        names.map((name) => p.get(name, golden.weights[name]!.shape)),
      );
      return { loss, ...Object.fromEntries(names.map((name, i) => [name, slopes[i]!])) };
    },
  });
  const found: Record<string, Float32Array> = await graph.run({
    textEmbeds: Float32Array.from(golden.text),
    firstEmbeds: Float32Array.from(golden.first),
    secondEmbeds: Float32Array.from(golden.second),
    shares: Float32Array.from(golden.shares),
  });
  graph.dispose();
  expect(Math.abs(found.loss![0]! - golden.loss)).toBeLessThan(1e-5);
  for (const name of names) {
    for (const [i, value] of golden.gradients[name]!.entries()) {
      expect(Math.abs(found[name]![i]! - value), `${name} ${i}`).toBeLessThan(1e-5);
    }
  }
});
