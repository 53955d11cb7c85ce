/**
 * A trained reward model as an object that scores: its weights, its session, its folder on disk.
 * Training is `train.ts`; embeddings come from `features.ts`.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@heed/diffusion';
import { compile, describeParameters, input, type ParameterValues } from '@heed/diffusion/autodiff';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { z } from 'zod';
import { writeDurably } from '../checkpoint/durable.ts';
import { HASHES_FILE } from '../checkpoint/folder-hashes.ts';
import { badInput } from '../errors.ts';
import { type RewardArchitecture, rewardModel } from './model.ts';

const WEIGHTS_FILE = 'reward.safetensors';
const CONFIG_FILE = 'config.json';
const SCORE_BATCH = 256;

/** What stands in a reward model's `config.json`. */
export const RewardConfig = z.object({
  _class_name: z.literal('HeedRewardModel'),
  projection_dim: z.number().int().positive(),
  hidden_size: z.number().int().positive(),
  /** Names the CLIP weights whose embeddings it was trained on; scores on others mean nothing. */
  clip_hash: z.string(),
  /** How it was trained: options, seed, numbers of pairs. */
  training: z.record(z.string(), z.unknown()),
});
export type RewardConfig = z.infer<typeof RewardConfig>;

/** A reward model that is ready to score. */
export interface RewardModel {
  readonly architecture: RewardArchitecture;
  readonly parameters: ParameterValues;
  /** r(x, z) in [0, 1] of N pairs; both arguments are N rows of `projectionDim` numbers. Returns [N]. */
  score(textEmbeds: Float32Array, imageEmbeds: Float32Array): Promise<Float32Array>;
  dispose(): void;
}

/** The names, shapes and initial values of the MLP's parameters. */
export function rewardParameterSpecs(architecture: RewardArchitecture) {
  const shape = [1, architecture.projectionDim];
  return describeParameters((p) =>
    rewardModel(p, architecture, { textEmbeds: input('textEmbeds', shape), imageEmbeds: input('imageEmbeds', shape) }),
  );
}

/**
 * Compiles the scoring graph, for the processor. With `live` the weights are read at each call, for use during
 * training.
 */
export async function createRewardModel(
  architecture: RewardArchitecture,
  parameters: ParameterValues,
  options: { live?: boolean; threads?: number | undefined } = {},
): Promise<RewardModel> {
  const { live = false, threads } = options;
  const { projectionDim } = architecture;
  const shape = [SCORE_BATCH, projectionDim];
  const scorer = await compile({
    name: 'reward model',
    inputs: { textEmbeds: { shape }, imageEmbeds: { shape } },
    parameters,
    build: (p, x) => ({ reward: rewardModel(p, architecture, x) }),
    liveParameters: live,
    ...(threads === undefined ? {} : { threads }),
  });
  return {
    architecture,
    parameters,
    async score(textEmbeds, imageEmbeds) {
      const count = textEmbeds.length / projectionDim;
      if (!Number.isInteger(count) || imageEmbeds.length !== textEmbeds.length) {
        throw new Error(
          `reward model: expected equally many rows of ${projectionDim} text and image numbers, got ${textEmbeds.length} and ${imageEmbeds.length}`,
        );
      }
      const rewards = new Float32Array(count);
      for (let start = 0; start < count; start += SCORE_BATCH) {
        const end = Math.min(count, start + SCORE_BATCH);
        const rows = (source: Float32Array) => {
          const padded = new Float32Array(SCORE_BATCH * projectionDim);
          padded.set(source.subarray(start * projectionDim, end * projectionDim));
          return padded;
        };
        const { reward } = await scorer.run({ textEmbeds: rows(textEmbeds), imageEmbeds: rows(imageEmbeds) });
        rewards.set(reward.subarray(0, end - start), start);
      }
      return rewards;
    },
    dispose: () => scorer.dispose(),
  };
}

/** Writes `reward.safetensors` and, last, `config.json` into `folder`. Hashes of an earlier model there are removed. */
export async function saveRewardModel(
  folder: string,
  model: Pick<RewardModel, 'architecture' | 'parameters'>,
  about: { clipHash: string; training: Record<string, unknown> },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await rm(join(folder, HASHES_FILE), { force: true });
  await writeSafetensors(join(folder, WEIGHTS_FILE), model.parameters, { dtype: 'F32' });
  const config: RewardConfig = {
    _class_name: 'HeedRewardModel',
    projection_dim: model.architecture.projectionDim,
    hidden_size: model.architecture.hiddenSize,
    clip_hash: about.clipHash,
    training: about.training,
  };
  await writeDurably(join(folder, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
}

/** Reads a folder written by `saveRewardModel`; throws when it does not belong to the CLIP model of `clipHash`. */
export async function loadRewardModel(
  folder: string,
  options: { clipHash: string; threads?: number | undefined },
): Promise<RewardModel & { config: RewardConfig }> {
  const config = await readConfig(folder);
  if (config.clip_hash !== options.clipHash) {
    throw badInput(
      `reward model ${folder}: expected the CLIP weights ${config.clip_hash} it was trained on, got ${options.clipHash}`,
    );
  }
  const { tensors } = await readSafetensors(join(folder, WEIGHTS_FILE));
  const architecture = { projectionDim: config.projection_dim, hiddenSize: config.hidden_size };
  const parameters: ParameterValues = new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data }]));
  return { ...(await createRewardModel(architecture, parameters, { threads: options.threads })), config };
}

/** The config in a folder that `saveRewardModel` wrote; undefined where there is none. Throws where it is damaged. */
export function findRewardConfig(folder: string): Promise<RewardConfig | undefined> {
  return findCheckedJson(join(folder, CONFIG_FILE), { what: 'the config of a HeedRewardModel', schema: RewardConfig });
}

async function readConfig(folder: string): Promise<RewardConfig> {
  const config = await findRewardConfig(folder);
  if (config) return config;
  throw badInput(`reward model ${folder}: expected a ${CONFIG_FILE}, found none (has "heed reward" been run?)`);
}
