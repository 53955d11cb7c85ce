/** Exports a model of the project as a diffusers folder or a single-file checkpoint, atomically. */
import { existsSync } from 'node:fs';
import { cp, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  checkModel,
  isFile,
  type LoraSpelling,
  loadLora,
  loadModel,
  saveCheckpointFile,
  saveLora,
  saveModelFolder,
} from '@heed/diffusion';
import { writeFolderAtomically } from '@heed/diffusion/files';
import { badInput } from '../errors.ts';
import { modelFolder, type Project } from '../project/index.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { LORA_FILE } from '../tune/lora-file.ts';
import type { ModelFormat } from './model-formats.ts';

export interface ModelExport {
  readonly model: string;
  readonly format: ModelFormat;
  /** The folder or file. */
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

/** Writes model `name` to `target`, which must not exist yet. */
export async function exportModel(
  project: Project,
  name: string,
  target: string,
  { format = 'diffusers' }: { format?: ModelFormat } = {},
): Promise<ModelExport> {
  const source = await modelFolder(project, name);
  const weights = weightsOptions(project, name);
  const load = () => loadModel(source, weights);
  const isWholeFolder = !(await isFile(source)) && weights.size === undefined;
  await checkModel(source, weights);
  const path = resolve(target);
  if (existsSync(path)) throw badInput(`${path}: expected nothing of that name, found something; nothing was written`);
  const metadata = { 'modelspec.title': name };
  if (format.startsWith('lora')) await exportLora(source, path, format === 'lora' ? 'kohya' : 'diffusers');
  else if (format === 'checkpoint') await saveCheckpointFile(path, await load(), { metadata });
  else if (isWholeFolder) {
    // A snapshot in the hub's cache is a folder of links.
    await writeFolderAtomically(path, (temporary) => cp(source, temporary, { recursive: true, dereference: true }));
  } else await saveModelFolder(path, await load(), { metadata });
  const sizes = await fileSizes(path);
  return { model: name, format, path, files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Rewrites the LoRA of a tuned model in the requested naming scheme, with its metadata. */
async function exportLora(source: string, path: string, spelling: LoraSpelling): Promise<void> {
  const file = join(source, LORA_FILE);
  if (!existsSync(file)) {
    throw badInput(
      `${source}: expected a model that was tuned as a LoRA (tune.loraRank above 0), found no ${LORA_FILE}`,
    );
  }
  const { unet, textEncoder } = await loadModel(source);
  const { metadata, ...lora } = await loadLora(file, { unet: unet.config, textEncoder: textEncoder.config });
  await saveLora(path, lora, { spelling, metadata });
}

async function fileSizes(folder: string): Promise<number[]> {
  if (await isFile(folder)) return [(await stat(folder)).size];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
}
