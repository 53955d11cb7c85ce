/**
 * A trained reward model as an object that scores images, with its weights and its compiled scoring graph. The module
 * also saves and loads reward models. `train.ts` trains the networks; `features.ts` supplies the embeddings.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@heed/diffusion';
import { compile, describeParameters, input, type ParameterValues } from '@heed/diffusion/autodiff';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { HASHES_FILE } from '../checkpoint/folder-hashes.ts';
import { badInput } from '../errors.ts';
import { type RewardArchitecture, rewardModel } from './model.ts';

const WEIGHTS_FILE = 'reward.safetensors';
const CONFIG_FILE = 'config.json';
const SCORE_BATCH = 256;

/** The contents of a reward model's `config.json`. */
export const RewardConfig = z.object({
  _class_name: z.literal('HeedRewardModel'),
  projection_dim: z.number().int().positive(),
  hidden_size: z.number().int().positive(),
  /**
   * Hash of the CLIP weights whose embeddings the reward was trained on. A reward's scores are meaningless on
   * embeddings of another CLIP model.
   */
  clip_hash: z.string(),
  /** Number of networks in an ensemble, whose mean is the reward; absent for a single network. */
  members: z.number().int().min(2).exactOptional(),
  /** TextNorm settings; absent when the reward is used without it. */
  text_norm: z
    .object({
      mode: z.enum(['alone', 'product']),
      temperature: z.number().positive(),
      contrasts: z.number().int().positive(),
      seed: z.number(),
    })
    .exactOptional(),
  /** The training's options, seed and numbers of pairs. */
  training: z.record(z.string(), z.unknown()),
});
export type RewardConfig = z.infer<typeof RewardConfig>;

/** A reward model that is ready to score. */
export interface RewardModel {
  readonly architecture: RewardArchitecture;
  /** Weights of each member of an ensemble; one entry for a single network. */
  readonly members: readonly ParameterValues[];
  /** Computes r(x, z) in [0, 1] of N pairs. Both arguments are N rows of `projectionDim` numbers. Returns [N]. */
  score(textEmbeds: Float32Array, imageEmbeds: Float32Array): Promise<Float32Array>;
  /** Standard deviation over the members' values of r(x, z), [N]; zeros for a single network. */
  spread(textEmbeds: Float32Array, imageEmbeds: Float32Array): Promise<Float32Array>;
  dispose(): void;
}

/** The names, shapes and initial values of the MLP's parameters. */
export function rewardParameterSpecs(architecture: RewardArchitecture) {
  const shape = [1, architecture.projectionDim];
  return describeParameters((p) =>
    rewardModel(p, architecture, { textEmbeds: input('textEmbeds', shape), imageEmbeds: input('imageEmbeds', shape) }),
  );
}

/** Compiles the scoring graph for the CPU. With `live`, the weights are read at each call, for use during training. */
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
    members: [parameters],
    spread: async (textEmbeds) => new Float32Array(textEmbeds.length / projectionDim),
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

/**
 * Makes an ensemble that averages several networks of one architecture (Lakshminarayanan et al. 2017). The ensemble
 * takes ownership of the networks.
 */
export function ensembleOf(models: readonly RewardModel[]): RewardModel {
  const [first, ...others] = models;
  if (first === undefined) throw new Error('reward ensemble: expected at least one network, got none');
  if (others.length === 0) return first;
  const moments = async (textEmbeds: Float32Array, imageEmbeds: Float32Array) => {
    const all: Float32Array[] = [];
    for (const model of models) all.push(await model.score(textEmbeds, imageEmbeds));
    const mean = all[0]!.map((_, i) => all.reduce((sum, each) => sum + each[i]!, 0) / all.length);
    return { all, mean };
  };
  return {
    architecture: first.architecture,
    members: models.flatMap(({ members }) => members),
    score: async (textEmbeds, imageEmbeds) => (await moments(textEmbeds, imageEmbeds)).mean,
    async spread(textEmbeds, imageEmbeds) {
      const { all, mean } = await moments(textEmbeds, imageEmbeds);
      return mean.map((middle, i) =>
        Math.sqrt(all.reduce((sum, each) => sum + (each[i]! - middle) ** 2, 0) / all.length),
      );
    },
    dispose() {
      for (const model of models) model.dispose();
    },
  };
}

/**
 * Writes `reward.safetensors` into `folder`, one more weights file for each further member of an ensemble and, last,
 * `config.json`. A file of hashes that belongs to an earlier model in `folder` is removed.
 */
export async function saveRewardModel(
  folder: string,
  model: Pick<RewardModel, 'architecture' | 'members'>,
  about: {
    clipHash: string;
    training: Record<string, unknown>;
    textNorm?: NonNullable<RewardConfig['text_norm']> | undefined;
  },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await rm(join(folder, HASHES_FILE), { force: true });
  await Promise.all((await findMemberFiles(folder)).map((file) => rm(join(folder, file))));
  for (const [i, member] of model.members.entries()) {
    await writeSafetensors(join(folder, memberFile(i)), member, { dtype: 'F32' });
  }
  const config: RewardConfig = {
    _class_name: 'HeedRewardModel',
    projection_dim: model.architecture.projectionDim,
    hidden_size: model.architecture.hiddenSize,
    clip_hash: about.clipHash,
    ...(model.members.length > 1 ? { members: model.members.length } : {}),
    ...(about.textNorm ? { text_norm: about.textNorm } : {}),
    training: about.training,
  };
  await writeFileAtomically(join(folder, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Reads a folder written by `saveRewardModel`. Throws when the reward was trained on another CLIP model than
 * `clipHash`.
 */
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
  const architecture = { projectionDim: config.projection_dim, hiddenSize: config.hidden_size };
  const models: RewardModel[] = [];
  for (let i = 0; i < (config.members ?? 1); i++) {
    const { tensors } = await readSafetensors(join(folder, memberFile(i)));
    const parameters: ParameterValues = new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data }]));
    models.push(await createRewardModel(architecture, parameters, { threads: options.threads }));
  }
  return { ...ensembleOf(models), config };
}

/** 'reward.safetensors', 'reward-2.safetensors' and so on. */
function memberFile(index: number): string {
  return index === 0 ? WEIGHTS_FILE : `reward-${index + 1}.safetensors`;
}

async function findMemberFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^reward-\d+\.safetensors$/.test(name));
}

/**
 * Reads the config in a folder that `saveRewardModel` wrote; undefined when there is none. Throws when the config is
 * damaged.
 */
export function findRewardConfig(folder: string): Promise<RewardConfig | undefined> {
  return findCheckedJson(join(folder, CONFIG_FILE), { what: 'the config of a HeedRewardModel', schema: RewardConfig });
}

async function readConfig(folder: string): Promise<RewardConfig> {
  const config = await findRewardConfig(folder);
  if (config) return config;
  throw badInput(`reward model ${folder}: expected a ${CONFIG_FILE}, found none (has "heed reward" been run?)`);
}
