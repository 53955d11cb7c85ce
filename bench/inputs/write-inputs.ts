/** Writes what both sides of a benchmark read: copies of the models it needs, tensors, texts. */
import { cp, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeSafetensors } from '@heed/diffusion';
import { CLIP_FOLDER, TINY_MODEL_FOLDER } from '@heed/emoji-world';
import type { WorkKind } from '../protocol.ts';
import type { SettingsOf } from '../settings.ts';
import { clipEmbeddingInputs } from './clip-embedding.ts';
import { fidDistanceInputs, fidStatisticsInputs } from './fid.ts';
import { FILES, type Inputs } from './files.ts';
import { rewardTrainingInputs } from './reward-training.ts';
import { samplingInputs } from './sampling.ts';
import { trainingStepInputs } from './training-step.ts';

const MODELS: Readonly<Record<WorkKind, Readonly<Record<string, string>>>> = {
  'training-step': { [FILES.model]: TINY_MODEL_FOLDER },
  sampling: { [FILES.model]: TINY_MODEL_FOLDER },
  'clip-embedding': { [FILES.clip]: CLIP_FOLDER },
  'reward-training': {},
  'fid-statistics': {},
  'fid-distance': {},
  'method-update': { [FILES.model]: TINY_MODEL_FOLDER },
};

const MAKERS: { [K in WorkKind]: (folder: string, settings: SettingsOf[K]) => Promise<Inputs> } = {
  'training-step': trainingStepInputs,
  sampling: samplingInputs,
  'clip-embedding': clipEmbeddingInputs,
  'reward-training': rewardTrainingInputs,
  'fid-statistics': fidStatisticsInputs,
  'fid-distance': fidDistanceInputs,
  // Its batches are the method's own.
  'method-update': async () => ({ tensors: new Map() }),
};

/**
 * Fills the empty `folder`; equal settings give equal inputs. `models` holds other models, by the names inside the
 * folder.
 */
export async function writeInputs<K extends WorkKind>(
  folder: string,
  { kind, settings }: { kind: K; settings: SettingsOf[K] },
  models?: string,
): Promise<void> {
  for (const [name, source] of Object.entries(MODELS[kind])) {
    if (models !== undefined) await symlink(resolve(models, name), join(folder, name));
    // Copies: a model that is trained again meanwhile must not differ between the two sides.
    else await cp(source, join(folder, name), { recursive: true });
  }
  const { tensors, texts = [] } = await MAKERS[kind](folder, settings);
  await writeSafetensors(join(folder, FILES.inputs), tensors, { dtype: 'F32' });
  await writeFile(join(folder, FILES.texts), JSON.stringify(texts));
}
