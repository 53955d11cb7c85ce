/**
 * Downloads of a tuned model: its folder as an archive, or an export of `heed export model`, which runs in a separate
 * process. A download is prepared first, so that the page can show errors. A prepared download can be fetched only
 * once.
 */
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

/** The download formats of a model. */
export const MODEL_DOWNLOADS = ['folder', 'checkpoint', 'lora'] as const;
export type ModelDownload = (typeof MODEL_DOWNLOADS)[number];

/** Time for which a prepared export is kept. */
const KEPT_MS = 10 * 60_000;

export interface OpenedDownload {
  readonly body: ReadableStream<Uint8Array>;
  readonly bytes: number;
  /** File name of the download. */
  readonly fileName: string;
}

export interface ModelDownloads {
  /**
   * Prepares a download of the model, whose name the caller has checked, and returns the download's token. Throws when
   * the model does not exist in this format.
   */
  prepare(name: string, form: ModelDownload): Promise<string>;
  /** Opens the prepared download with this token; undefined when none is prepared or it was fetched already. */
  open(token: string): Promise<OpenedDownload | undefined>;
}

export function createModelDownloads(project: Project): ModelDownloads {
  const prepared = new Map<string, () => Promise<OpenedDownload>>();
  const parent = join(project.paths.state, 'downloads');
  return {
    async prepare(name, form) {
      const token = randomToken();
      if (form === 'folder') {
        prepared.set(token, () => openFolder(project, name));
        return token;
      }
      const folder = join(parent, token);
      await mkdir(folder, { recursive: true });
      const remove = () => rm(folder, { recursive: true, force: true });
      const path = join(folder, 'model.safetensors');
      try {
        await exportInProcess(project, { name, format: form, path });
      } catch (error) {
        await remove();
        throw error;
      }
      const fileName = `${name}${form === 'lora' ? '-lora' : ''}.safetensors`;
      prepared.set(token, () => openFile(path, { fileName, remove }));
      setTimeout(() => {
        if (prepared.delete(token)) void remove();
      }, KEPT_MS).unref();
      return token;
    },
    async open(token) {
      const open = prepared.get(token);
      prepared.delete(token);
      return open?.();
    },
  };
}

async function openFolder(project: Project, name: string): Promise<OpenedDownload> {
  const { bytes, content } = await tarFolder(join(project.paths.models, name), { root: name });
  return { body: asWeb(Readable.from(content)), bytes, fileName: `${name}.tar` };
}

/** Opens the file as a stream; closing the stream deletes the file. */
async function openFile(
  path: string,
  { fileName, remove }: { fileName: string; remove: () => Promise<void> },
): Promise<OpenedDownload> {
  const { size } = await stat(path);
  const file = createReadStream(path);
  file.once('close', () => void remove());
  return { body: asWeb(file), bytes: size, fileName };
}

/**
 * Exports the model in a separate process, so that the studio stays responsive while gigabytes of weights are read and
 * written.
 */
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
