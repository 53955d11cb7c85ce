// The inputs and folders of every pre-training stage.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '@heed/diffusion/errors';
import type { Horizon } from './horizon.ts';

/** The folder of all training state, beside the packages; git ignores it. */
export const PRETRAIN_FOLDER = fileURLToPath(new URL('../../../../.pretrain', import.meta.url));

/** The stages in order: CLIP and the recogniser come after the autoencoder, because they train on its pictures. */
export const STAGE_NAMES = ['tokenizer', 'vae', 'latents', 'clip', 'recogniser', 'unet', 'export', 'measure'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

export interface StageContext {
  /** Folder with one subfolder for each stage. */
  readonly root: string;
  readonly seed: number;
  /** How long to train; the stage's default if undefined. */
  readonly horizon?: Horizon;
  readonly threads: number;
  /** Start from the package's weights instead of random ones, if the stage has no saved state. */
  readonly fromShipped?: boolean;
  /** Guidance scale in the measure stage. */
  readonly guidanceScale?: number;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/** Runs a stage; `finished` is false when it was interrupted. */
export type StageRunner = (context: StageContext) => Promise<{ finished: boolean }>;

/** Name of a file in the folder of the stage `unet`: the text tower that the U-Net was trained on. */
export const TEXT_TOWER_FILE = 'text-encoder.safetensors';
/** Name of a file in the folder of the stage `latents`. The file holds the factor that gives latents unit variance. */
export const SCALING_FILE = 'scaling.json';

export function stageFolder({ root }: { root: string }, stage: StageName): string {
  return join(root, stage);
}

/** Throws, naming the stage to run first, when a file of an earlier stage is not there. */
export async function requireFile(path: string, stage: StageName): Promise<string> {
  await access(path).catch(() => {
    throw new InputError(`${path} must exist before this stage, run 'npm run pretrain -- ${stage}' first`);
  });
  return path;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
