/**
 * The file `.heed/jobs/<id>.log`: the output lines of a job's command, each with its time. The log is for people and
 * stays on the machine that ran the job.
 */
import { createWriteStream, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../../project/project.ts';

/** Number of newest log lines that pages show. */
const LINES_SHOWN = 1000;

function logPath(project: Project, id: string): string {
  return join(project.paths.state, 'jobs', `${id}.log`);
}

/** Appends to a job's log. Failed writes are ignored, because a full disk must not end the job. */
export function openJobLog(project: Project, id: string): { add(text: string): void; close(): Promise<void> } {
  mkdirSync(join(project.paths.state, 'jobs'), { recursive: true });
  const file = createWriteStream(logPath(project, id), { flags: 'a' });
  file.on('error', () => {});
  return {
    add: (text) => void file.write(`${new Date().toISOString()} ${text.replaceAll('\n', ' ')}\n`),
    close: () => new Promise((resolve) => file.end(() => resolve()).once('error', () => resolve())),
  };
}

/** Reads the newest `LINES_SHOWN` lines of a job's log, in the order of time. */
export async function readJobLog(project: Project, id: string): Promise<string[]> {
  const text = await readFile(logPath(project, id), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.trimEnd().split('\n').slice(-LINES_SHOWN);
}
