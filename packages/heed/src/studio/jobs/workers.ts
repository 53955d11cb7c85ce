/**
 * The worker processes, in a table beside the queue: which are alive, and what each works on. A process is treated as
 * alive if it updated its row within the last lease duration. All times come from the database's clock.
 */
import { randomUUID } from 'node:crypto';
import { type ProcessMark, processMark, stateOf } from '@heed/diffusion/process-mark';
import type { OpenDatabase } from '../storage/database.ts';

/** A worker process. */
export interface WorkerStatus {
  readonly host: string;
  readonly pid: number;
  /** Whether this process is the studio, which runs jobs only while no other worker is alive. */
  readonly isStudio: boolean;
  /** Start time, ISO 8601. */
  readonly since: string;
  /** Id of the job that the worker runs; absent when the worker runs none. */
  readonly job?: string;
}

/** The worker that last ran a job. */
export interface JobWorker {
  readonly worker: ProcessMark;
  /** Process of the command that the worker started. */
  readonly process?: ProcessMark;
}

export interface Workers {
  /** Records that this process is alive, and which job it runs. */
  beat(work?: { job: string; process: ProcessMark | undefined }): Promise<void>;
  living(): Promise<WorkerStatus[]>;
  /** The worker, other than this process, that last ran the job; it may be dead. */
  lastOf(job: string): Promise<JobWorker | undefined>;
  /** Removes the row of this process. */
  leave(): Promise<void>;
}

interface WorkerRow {
  readonly mark: ProcessMark;
  readonly process: ProcessMark | null;
  readonly is_studio: boolean;
  readonly job: string | null;
  readonly since: string;
}

/** Rows of workers without a heartbeat for this long are removed. */
const FORGOTTEN = "interval '30 days'";

export async function openWorkers(
  { execute, schemas }: OpenDatabase,
  options: { leaseSeconds: number; isStudio: boolean },
): Promise<Workers> {
  const { leaseSeconds, isStudio } = options;
  const table = `${schemas.jobs}.worker`;
  const id = randomUUID();
  const mark = processMark(process.pid);
  await execute(
    `create table if not exists ${table} (id uuid primary key, mark jsonb not null, is_studio boolean not null, job uuid,
       process jsonb, since timestamptz not null default now(), seen timestamptz not null default now())`,
    [],
  );
  await execute(`delete from ${table} where seen < now() - ${FORGOTTEN}`, []);
  return {
    async beat(work) {
      const own = work?.process === undefined ? null : JSON.stringify(work.process);
      await execute(
        `insert into ${table} (id, mark, is_studio, job, process) values ($1, $2::text::jsonb, $3, $4, $5::text::jsonb)
         on conflict (id) do update set job = excluded.job, process = excluded.process, seen = now()`,
        [id, JSON.stringify(mark), isStudio, work?.job ?? null, own],
      );
      // The job's earlier worker has lost it.
      if (work) await execute(`update ${table} set job = null where job = $1 and id <> $2`, [work.job, id]);
    },
    async living() {
      const { rows } = await execute(
        `select mark, process, is_studio, job::text as job, since::text as since from ${table}
         where seen > now() - make_interval(secs => $1) order by since, id`,
        [leaseSeconds],
      );
      // A killed worker on this host counts as dead at once.
      const alive = (rows as unknown as WorkerRow[]).filter((row) => stateOf(row.mark) !== 'dead');
      return alive.map(({ mark: { host = '?', pid }, is_studio, job, since }) => ({
        host,
        pid,
        isStudio: is_studio,
        since: new Date(since).toISOString(),
        ...(job === null ? {} : { job }),
      }));
    },
    async lastOf(job) {
      const { rows } = await execute(
        `select mark, process from ${table} where job = $1 and id <> $2 order by seen desc limit 1`,
        [job, id],
      );
      const row = rows[0] as unknown as WorkerRow | undefined;
      return row && { worker: row.mark, ...(row.process === null ? {} : { process: row.process }) };
    },
    async leave() {
      await execute(`delete from ${table} where id = $1`, [id]);
    },
  };
}
