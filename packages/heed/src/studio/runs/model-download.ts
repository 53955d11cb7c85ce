/** Downloads of a tuned model: its folder as an archive, or the exports of `heed export model`, made in a process of their own. */
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { badInput } from '../../errors.ts';
import type { ModelFormat } from '../../export/model-formats.ts';
import { tarFolder } from '../../files/tar.ts';
import type { Project } from '../../project/project.ts';
import { randomToken } from '../auth/secret.ts';
import { startCommand } from '../jobs/command.ts';

/** What a model can be downloaded as. */
export const MODEL_DOWNLOADS = ['folder', 'checkpoint', 'lora'] as const;
export type ModelDownload = (typeof MODEL_DOWNLOADS)[number];

export interface OpenedDownload {
  readonly body: ReadableStream<Uint8Array>;
  readonly bytes: number;
  /** Under which it is saved. */
  readonly fileName: string;
}

/** Opens the model of that name, which the caller has checked. Throws a sentence where it has no such form. */
export async function openModelDownload(project: Project, name: string, form: ModelDownload): Promise<OpenedDownload> {
  if (form === 'folder') {
    const { bytes, content } = await tarFolder(join(project.paths.models, name), { root: name });
    return { body: asWeb(Readable.from(content)), bytes, fileName: `${name}.tar` };
  }
  const folder = join(project.paths.state, 'downloads', randomToken());
  await mkdir(folder, { recursive: true });
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'model.safetensors');
  try {
    await exportInProcess(project, { name, format: form, path });
    const { size } = await stat(path);
    const file = createReadStream(path);
    file.once('close', () => void remove());
    const suffix = form === 'lora' ? '-lora' : '';
    return { body: asWeb(file), bytes: size, fileName: `${name}${suffix}.safetensors` };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The studio stays responsive while weights of gigabytes are read and written. */
async function exportInProcess(
  project: Project,
  { name, format, path }: { name: string; format: ModelFormat; path: string },
): Promise<void> {
  const command = startCommand([
    ...['export', 'model', '--model', name, '--format', format, '--out', path],
    ...['--project', project.folder],
  ]);
  const end = await command.ended;
  if (end !== 'done') throw badInput(command.output().error ?? 'the export was stopped');
}

function asWeb(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
