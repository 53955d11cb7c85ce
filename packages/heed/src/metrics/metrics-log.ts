/**
 * The measurements of one run: `metrics.jsonl` for machines and a TensorBoard event file beside it. The caller decides
 * what is recorded.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { createEventFile } from './event-file.ts';
import { METRIC_TITLES } from './metric-titles.ts';

/** One line of `metrics.jsonl`. */
export type MetricsRecord = { step: number; time: string } & Record<string, number | string>;

/** An open log of one run. */
export interface MetricsLog {
  /** Appends one line and one point per numeric value; NaN and infinities are written as strings. */
  log(step: number, values: Readonly<Record<string, number>>): Promise<void>;
  /** Adds a picture to the event file. */
  picture(step: number, tag: string, image: { png: Uint8Array; width: number; height: number }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the log in a run's folder. With `resumeAfterStep`, lines of later steps are dropped first, because a resumed
 * run repeats those steps.
 */
export async function openMetricsLog(
  runFolder: string,
  options: { resumeAfterStep?: number } = {},
): Promise<MetricsLog> {
  await mkdir(runFolder, { recursive: true });
  const path = join(runFolder, 'metrics.jsonl');
  const { resumeAfterStep } = options;
  if (resumeAfterStep !== undefined) {
    const kept = (await readMetrics(runFolder)).filter(({ step }) => step <= resumeAfterStep);
    await writeFileAtomically(path, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
  const events = await createEventFile(
    runFolder,
    resumeAfterStep === undefined ? {} : { purgeFromStep: resumeAfterStep + 1 },
  );
  return {
    async log(step, values) {
      const line: Record<string, number | string> = { step, time: new Date().toISOString() };
      for (const [name, value] of Object.entries(values)) line[name] = Number.isFinite(value) ? value : String(value);
      await appendFile(path, `${JSON.stringify(line)}\n`);
      await events.write(
        step,
        Object.entries(values).map(([tag, scalar]) => ({ tag, scalar, title: METRIC_TITLES[tag] })),
      );
    },
    picture: (step, tag, image) => events.write(step, [{ tag, ...image }]),
    close: () => events.close(),
  };
}

/** Reads `metrics.jsonl`. An incomplete last line, left by a crash, is ignored; a missing file gives no records. */
export async function readMetrics(runFolder: string): Promise<MetricsRecord[]> {
  const text = await readFile(join(runFolder, 'metrics.jsonl'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const record = parseRecord(line);
      return record === undefined ? [] : [record];
    });
}

function parseRecord(line: string): MetricsRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is MetricsRecord {
  return typeof value === 'object' && value !== null && 'step' in value && typeof value.step === 'number';
}
