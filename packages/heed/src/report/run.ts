/** `heed report`: writes a self-contained page about an evaluation into the project's reports/. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import { judgeClaims, type Verdict } from './claims.ts';
import { type CollectOptions, collectReport } from './collect-report.ts';
import { renderReport } from './render-report.ts';

export interface ReportRunOptions extends CollectOptions {
  /** Path of the page, relative to the working directory; reports/<run>.html by default. */
  out?: string;
  signal?: AbortSignal;
}

export interface ReportRunResult {
  readonly run: string;
  readonly file: string;
  readonly bytes: number;
  /** Number of the paper's claims with each verdict: held, failed, unclear or not measured. */
  readonly claims: Readonly<Record<Verdict, number>>;
}

/** Writes the page and returns its path. */
export async function runReport(
  project: Project,
  options: ReportRunOptions,
  progress: ProgressFactory,
): Promise<ReportRunResult> {
  const work = progress({ total: 2, label: 'report' });
  const input = await collectReport(project, options);
  work.update(1);
  options.signal?.throwIfAborted();
  const { run } = input.evaluation;
  const file = options.out === undefined ? join(project.paths.reports, `${run}.html`) : resolve(options.out);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomically(file, renderReport(input));
  work.update(2);
  work.done();
  const claims: Record<Verdict, number> = { held: 0, unclear: 0, failed: 0, 'not measured': 0 };
  for (const { verdict } of judgeClaims(input)) claims[verdict] += 1;
  return { run, file, bytes: (await stat(file)).size, claims };
}
