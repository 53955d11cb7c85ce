/**
 * `npm run bench:studio`: raters label over HTTP while a training job runs in another process; bursts; the next query
 * in large tables. Checks afterwards that every acknowledged answer is in feedback.jsonl and in the tables, once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openFeedbackLog } from '../../packages/heed/src/feedback/index.ts';
import { openDatabase } from '../../packages/heed/src/studio/storage/database.ts';
import { type StudioProcess, startStudioProcess } from '../../tests/studio-process.ts';
import { findPostgres, startPostgres } from '../../tools/postgres.mjs';
import { machineSpeed } from '../machine-speed.ts';
import { makeBenchProject } from './bench-project.ts';
import { type LoadResult, percentile, runLoad } from './load.ts';
import { measureNextQuery } from './next-query.ts';
import { processorMs } from './processor-time.ts';

const HELP = `npm run bench:studio -- [options]
  --database pglite|postgres|both   where the tables are (default: both where PostgreSQL is installed)
  --raters N                        raters at once (200)
  --seconds S                       how long they label at the steady rate (60)
  --burst-seconds S                 how long a burst lasts (10)
  --queries N                       rows for the next query (100000 on PGlite, 1000000 on PostgreSQL)
  --no-training                     without the training job beside
  --json                            one JSON document`;

const STEADY_PER_SECOND = 67;
const TARGETS = { answerMs: 200, nextQueryMs: 50 };
const SCALES = {
  pglite: { burstPerSecond: 300, queries: 100_000 },
  postgres: { burstPerSecond: 1000, queries: 1_000_000 },
} as const;
type Kind = keyof typeof SCALES;
const LEASES_MEASURED = 300;

interface Row {
  readonly database: Kind;
  readonly what: string;
  readonly [figure: string]: string | number;
}

interface Part {
  readonly what: string;
  readonly target: 'latency' | 'statuses';
  readonly labelsPerSecond: number;
  readonly seconds: number;
}

const { values } = parseArgs({
  allowNegative: true,
  options: {
    database: { type: 'string' },
    raters: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    'burst-seconds': { type: 'string', default: '10' },
    queries: { type: 'string' },
    training: { type: 'boolean', default: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const wanted = values.database ?? (findPostgres() ? 'both' : 'pglite');
  if (!['pglite', 'postgres', 'both'].includes(wanted)) {
    console.error(`--database must be pglite, postgres or both, got '${wanted}'`);
    process.exitCode = 2;
    return;
  }
  const kinds = (['pglite', 'postgres'] as const).filter((kind) => wanted === 'both' || wanted === kind);
  const rows: Row[] = [];
  for (const kind of kinds) rows.push(...(await measure(kind)));
  progress('the rates of this machine');
  const machine = {
    ...(await machineSpeed()),
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim(),
    loadAtEnd: loadavg()[0],
    node: process.version,
  };
  if (values.json) console.log(JSON.stringify({ machine, rows }));
  else {
    console.log(JSON.stringify(machine));
    console.table(rows);
  }
  if (rows.some(({ lost, twice, met }) => Number(lost ?? 0) + Number(twice ?? 0) > 0 || met === 'no')) {
    process.exitCode = 1;
  }
}

async function measure(kind: Kind): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'heed-bench-studio-'));
  const server = kind === 'postgres' ? startPostgres() : undefined;
  process.env.DATABASE_URL = server?.url ?? '';
  try {
    const rows = [await measureNext(kind, { folder, url: server?.url })];
    rows.push(...(await measureLoad(kind, folder)));
    return rows;
  } finally {
    server?.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureNext(kind: Kind, options: { folder: string; url: string | undefined }): Promise<Row> {
  const queries = Number(values.queries ?? SCALES[kind].queries);
  progress(`${kind}: the next query among ${queries}`);
  const { times, processorMs } = await measureNextQuery({
    folder: join(options.folder, 'next'),
    url: options.url,
    queries,
    leases: LEASES_MEASURED,
  });
  const p95 = percentile(times, 0.95);
  return {
    database: kind,
    what: `next query among ${queries}`,
    p50Ms: round(percentile(times, 0.5)),
    p95Ms: round(p95),
    processorMs: round(processorMs),
    load: round(loadavg()[0]!),
    met: p95 <= TARGETS.nextQueryMs ? 'yes' : 'no',
  };
}

async function measureLoad(kind: Kind, folder: string): Promise<Row[]> {
  const raters = Number(values.raters);
  progress(`${kind}: making a project`);
  const project = await makeBenchProject(folder, { raters });
  const studio = await startStudioProcess(project.folder);
  const load = { origin: studio.origin, cookie: `heed-${new URL(studio.origin).port}`, tokens: project.tokens };
  const results: (Part & { result: LoadResult; processorMs: number; load: number; trained: string })[] = [];
  const rate = SCALES[kind].burstPerSecond;
  const burst = Number(values['burst-seconds']);
  const steady = Number(values.seconds);
  const parts: Part[] = [
    { what: `${raters} raters`, target: 'latency', labelsPerSecond: STEADY_PER_SECOND, seconds: steady },
    { what: 'burst', target: 'statuses', labelsPerSecond: rate, seconds: burst },
  ];
  try {
    const job = values.training ? await startTraining(studio) : undefined;
    for (const part of parts) {
      const { what, labelsPerSecond, seconds } = part;
      progress(`${kind}: ${what}, ${labelsPerSecond} labels/s for ${seconds} s`);
      const before = processorMs(studio.child.pid!);
      const result = await runLoad({ ...load, labelsPerSecond, seconds });
      results.push({
        ...part,
        result,
        processorMs: processorMs(studio.child.pid!) - before,
        load: loadavg()[0]!,
        trained: job ? await job.state() : 'none',
      });
    }
  } finally {
    await studio.stop();
  }
  const log = await openFeedbackLog(join(project.folder, 'feedback.jsonl')).read();
  const database = await openDatabase(join(project.folder, '.heed', 'studio'));
  const { rows: stored } = await database.execute('select id from answers', []);
  await database.close();
  const inLog = countBy(log.map(({ answer }) => answer ?? ''));
  const inTables = countBy(stored.map(({ id }) => String(id)));
  return results.map(({ what, labelsPerSecond, seconds: planned, target, result, ...measured }) => {
    const { acknowledged, statuses, answerMs, leaseMs, sent, seconds } = result;
    const p95 = percentile(answerMs, 0.95);
    const allowed = Object.keys(statuses).every((status) => ['200', '429', '503'].includes(status));
    return {
      database: kind,
      what: `${what}, ${labelsPerSecond}/s for ${planned} s`,
      sent,
      acknowledged: acknowledged.length,
      perSecond: round(acknowledged.length / seconds),
      p50Ms: round(percentile(answerMs, 0.5)),
      p95Ms: round(p95),
      p99Ms: round(percentile(answerMs, 0.99)),
      leaseP95Ms: round(percentile(leaseMs, 0.95)),
      statuses: JSON.stringify(statuses),
      lost: acknowledged.filter((id) => inLog.get(id) !== 3 || inTables.get(id) !== 1).length,
      twice: log.length - new Set(log.map(({ id }) => id)).size,
      /** Of the studio's process for each acknowledged answer, leases and refusals counted in. */
      processorMs: round(measured.processorMs / acknowledged.length),
      load: round(measured.load),
      training: measured.trained,
      met: allowed && (target === 'statuses' || p95 <= TARGETS.answerMs) ? 'yes' : 'no',
    };
  });
}

/** Starts the reward's training as the owner does from the pages. */
async function startTraining(studio: StudioProcess): Promise<{ state(): Promise<string> }> {
  const cookie = await studio.login();
  const headers = { Origin: studio.origin, Cookie: cookie, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ kind: 'reward' });
  const response = await fetch(`${studio.origin}/api/jobs`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`the training did not start: ${await response.text()}`);
  return {
    async state() {
      const all = await fetch(`${studio.origin}/api/jobs`, { headers });
      const [job] = ((await all.json()) as { jobs: { state: string; error?: string; progress?: { done: number } }[] })
        .jobs;
      return `${job?.state}${job?.error ? `: ${job.error}` : ` at ${job?.progress?.done ?? 0}`}`;
    },
  };
}

function countBy(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of list) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

await main();
