/**
 * The lineage of a tuned model: `heed.json` in the model's folder names its parent, its round, its reward and its data.
 * The base is the model of round 0. The model of round k was tuned on images that the models of rounds 0 to k - 1 drew.
 */
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { METHOD_NAMES } from '../config/index.ts';
import type { ImageRecord } from '../images/index.ts';
import { modelNames, type Project } from '../project/index.ts';

/** Name of the lineage file in the folder of a tuned model. */
export const LINEAGE_FILE = 'heed.json';

const count = z.int().nonnegative();
const round = z.int().positive();
const named = z.object({ name: z.string(), modelHash: z.string() });

const lineageSchema = z.object({
  version: z.literal(1),
  ...named.shape,
  parent: named,
  round,
  /** The run in runs/ that made the model. */
  run: z.string(),
  method: z.enum(METHOD_NAMES),
  /** Number of tuning updates that the saved weights have had. */
  steps: count,
  /** Name of the reward; absent where the method reads no reward. */
  reward: z.object({ name: z.string(), run: z.string().exactOptional() }).exactOptional(),
  data: z.object({
    labelled: count,
    unlabelled: count,
    pretraining: count,
    /** Number of images that the model learned from, by the round that drew them. */
    byRound: z.record(z.string(), count),
  }),
  /** Earlier models with this name, recorded so that the images that they drew can still be assigned to a round. */
  earlier: z.array(z.object({ modelHash: z.string(), round })),
});

export type Lineage = z.output<typeof lineageSchema>;

/** Reads the lineage in a model's folder; undefined where none is recorded, as for a base model. */
export function findLineage(folder: string): Promise<Lineage | undefined> {
  return findCheckedJson(join(folder, LINEAGE_FILE), { what: 'the lineage of a tuned model', schema: lineageSchema });
}

/** Writes a lineage durably; `before` is the lineage of an earlier model in this folder. */
export async function writeLineage(
  folder: string,
  lineage: Omit<Lineage, 'version' | 'earlier'>,
  before: Lineage | undefined,
): Promise<void> {
  const former = before ? [...before.earlier, { modelHash: before.modelHash, round: before.round }] : [];
  const earlier = former.filter(({ modelHash }) => modelHash !== lineage.modelHash);
  await writeFileAtomically(
    join(folder, LINEAGE_FILE),
    `${JSON.stringify({ version: 1, ...lineage, earlier } satisfies Lineage, null, 2)}\n`,
  );
}

/** Reads the lineages of all tuned models of the project, sorted by round, then by name. */
export async function readLineages(project: Project): Promise<Lineage[]> {
  const [, ...tuned] = await modelNames(project);
  const found = await Promise.all(tuned.map((name) => findLineage(join(project.paths.models, name))));
  return found
    .filter((lineage) => lineage !== undefined)
    .sort((a, b) => a.round - b.round || a.name.localeCompare(b.name));
}

/** Maps each model and each image of a project to a round. */
export interface Rounds {
  /** Round of the model with this hash; 0 for the base model and for every model without a lineage. */
  ofModel(modelHash: string): number;
  /** Round in which an image was drawn, from 1: one more than the round of its model. */
  ofImage(image: Pick<ImageRecord, 'modelHash'>): number;
  /** Hashes of all tuned models and their parents. */
  readonly modelHashes: ReadonlySet<string>;
}

export async function openRounds(project: Project): Promise<Rounds> {
  const lineages = await readLineages(project);
  const rounds = new Map(
    lineages.flatMap(({ modelHash, round: own, earlier }) =>
      [...earlier, { modelHash, round: own }].map((each) => [each.modelHash, each.round] as const),
    ),
  );
  const ofModel = (modelHash: string) => rounds.get(modelHash) ?? 0;
  return {
    ofModel,
    ofImage: ({ modelHash }) => ofModel(modelHash) + 1,
    modelHashes: new Set([...rounds.keys(), ...lineages.map(({ parent }) => parent.modelHash)]),
  };
}
