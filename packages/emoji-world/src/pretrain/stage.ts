// What every pre-training stage is given and where it keeps its things.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '@heed/diffusion/errors';
import type { Horizon } from './horizon.ts';

/** The ignored folder of all training state, beside the packages. */
export const PRETRAIN_FOLDER = fileURLToPath(new URL('../../../../.pretrain', import.meta.url));

/** In order: what CLIP and the recogniser learn from goes through the autoencoder. */
export const STAGE_NAMES = ['tokenizer', 'vae', 'latents', 'clip', 'recogniser', 'unet', 'export', 'measure'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

export interface StageContext {
  /** Holds one folder a stage. */
  readonly root: string;
  readonly seed: number;
  /** The stage's own default where none is given. */
  readonly horizon?: Horizon;
  readonly threads: number;
  /** A stage without a saved state begins with the weights the package ships, not with random ones. */
  readonly fromShipped?: boolean;
  /** Of the measure stage's sampling. */
  readonly guidanceScale?: number;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/** What a stage ended with: false when it was interrupted before its end. */
export type StageRunner = (context: StageContext) => Promise<{ finished: boolean }>;

/** In the folder of the stage unet: the text tower it was trained on. */
export const TEXT_TOWER_FILE = 'text-encoder.safetensors';
/** File in the folder of the stage `latents`. It holds the factor that gives latents unit variance. */
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
