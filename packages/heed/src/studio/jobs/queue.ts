/**
 * The job queue in the database, by pg-boss. A worker claims a waiting job for the length of a lease; if the worker is
 * lost, the job is restarted. After too many attempts, the job goes to a dead-letter queue and is not restarted. The
 * queue runs nothing itself.
 *
 * pg-boss 10 has no heartbeat, and its `complete` does not check who holds the claim. This module adds both. A
 * heartbeat renews the lease. Every write of a worker first locks the row of the worker's attempt; if another worker
 * has claimed the job, no such row exists. All times come from the database's clock, so that differences between the
 * machines' clocks do not matter.
 */

import type { ProcessMark } from '@heed/diffusion/process-mark';
import PgBoss from 'pg-boss';
import type { OpenDatabase, SqlExecutor } from '../storage/database.ts';
import type { Job, JobKind, JobOutput } from './job.ts';

const QUEUE = 'commands';
const DEAD = 'dead-commands';
const JOBS_LISTED = 50;
const KEPT_SECONDS = 30 * 24 * 3600;

export const DEFAULT_LEASE_SECONDS = 60;

export interface QueueOptions {
  /** A worker without a heartbeat for this long is treated as lost. */
  readonly leaseSeconds?: number;
  /** The largest number of restarts of a lost job. */
  readonly retries?: number;
  /** Delay before the first restart; the delay doubles with each further restart. */
  readonly retryDelaySeconds?: number;
}

/** A worker's claim to one attempt at a job. */
export interface Claim extends JobData {
  readonly id: string;
  /** Number of the attempt, from 1. A write is rejected if the job has a later attempt by then. */
  readonly attempt: number;
}

/** The stored data of a job besides its state. */
export interface JobRecord extends JobOutput {
  /** The process of the job's command, which must end before the job is restarted. */
  readonly process?: ProcessMark;
  /** Time at which the attempt started, ISO 8601. The column `started_on` holds the last heartbeat. */
  readonly startedAt?: string;
}

export interface JobQueue {
  send(data: JobData): Promise<string>;
  /** Claims the next waiting job, if any. No other worker gets the job while the lease lasts. */
  claim(): Promise<Claim | undefined>;
  /**
   * Renews the lease. Like all writes with a claim, the call returns false and writes nothing when the claim is lost.
   */
  beat(claim: Claim, record: JobRecord): Promise<boolean>;
  complete(claim: Claim, record: JobRecord): Promise<boolean>;
  /** Ends an attempt whose process was lost: the job is restarted, or given up after too many attempts. */
  lose(claim: Claim, record: JobRecord): Promise<boolean>;
  /** Ends the job without success and without a restart. */
  end(claim: Claim, state: 'failed' | 'stopped', record: JobRecord): Promise<boolean>;
  /** Returns the job to the queue, as if the attempt had not started. */
  release(claim: Claim, record: JobRecord): Promise<boolean>;
  /** Stores the command's last output after the job was cancelled. */
  note(claim: Claim, record: JobRecord): Promise<void>;
  /** Cancels the job; returns false when the job has ended. */
  cancel(id: string): Promise<boolean>;
  /** Restarts jobs whose lease has expired, and deletes old jobs. */
  maintain(): Promise<void>;
  /** All claims of all workers, each with the stored job data, such as the process of the command. */
  claimed(): Promise<{ claim: Claim; record: JobRecord }[]>;
  /** All jobs, newest first. */
  list(): Promise<Job[]>;
  get(id: string): Promise<Job | undefined>;
  /** Number of jobs that were given up after too many attempts. */
  deadCount(): Promise<number>;
  close(): Promise<void>;
}

/** The command to run. */
export interface JobData {
  readonly kind: JobKind;
  readonly settings: readonly string[];
  /** Name of the run; undefined when the command numbers its runs. */
  readonly name?: string;
  /** Whether the command continues the run named `name`, with the original settings of that run. */
  readonly continues?: true;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
}

interface JobRow {
  readonly id: string;
  readonly data: JobData;
  readonly state: keyof typeof STATES;
  readonly attempt: number;
  readonly created: string;
  readonly started: string | null;
  readonly completed: string | null;
  readonly output: Partial<JobRecord> & { value?: { message?: string } };
}

const STATES = {
  created: 'waiting',
  retry: 'waiting',
  active: 'running',
  completed: 'done',
  cancelled: 'stopped',
  failed: 'failed',
} as const;

const ENDS = { failed: 'failed', stopped: 'cancelled' } as const;

/** Starts pg-boss, and creates missing tables and queues. */
async function startBoss({ execute, schemas }: OpenDatabase, options: QueueOptions): Promise<PgBoss> {
  const { leaseSeconds = DEFAULT_LEASE_SECONDS, retries = 3, retryDelaySeconds = 5 } = options;
  const boss = new PgBoss({
    schema: schemas.jobs,
    db: bossDatabase(execute),
    supervise: false,
    schedule: false,
    archiveCompletedAfterSeconds: KEPT_SECONDS,
    archiveFailedAfterSeconds: KEPT_SECONDS,
  });
  // Callers receive maintenance failures. An 'error' event without a listener would end the process.
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(DEAD);
  const policy = {
    name: QUEUE,
    deadLetter: DEAD,
    retryLimit: retries,
    retryDelay: retryDelaySeconds,
    retryBackoff: retryDelaySeconds > 0,
    expireInSeconds: leaseSeconds,
  };
  await boss.createQueue(QUEUE, policy);
  await boss.updateQueue(QUEUE, policy);
  return boss;
}

/** Opens the queue, and creates missing tables. */
export async function openJobQueue(database: OpenDatabase, options: QueueOptions = {}): Promise<JobQueue> {
  const { execute, transact } = database;
  const schema = database.schemas.jobs;
  const boss = await startBoss(database, options);
  const mine = "name = $1 and id = $2 and state = 'active' and retry_count = $3";
  const keyOf = (claim: Claim) => [QUEUE, claim.id, claim.attempt - 1];
  /** Runs `work` if the worker still has the claim; the check and `work` share one transaction. */
  const fenced = (claim: Claim, work: (sql: SqlExecutor) => Promise<unknown>) =>
    transact(async (sql) => {
      const { rows } = await sql(`select id from ${schema}.job where ${mine} for update`, keyOf(claim));
      if (rows.length === 0) return false;
      await work(sql);
      return true;
    });
  const update = (sql: SqlExecutor, claim: Claim, { set, record }: { set: string; record: JobRecord }) =>
    sql(`update ${schema}.job set ${set}, output = $4::text::jsonb where ${mine}`, [
      ...keyOf(claim),
      JSON.stringify(record),
    ]);
  const rowsOf = async (where: string, values: readonly unknown[]) => {
    const { rows } = await execute(
      `select id, data, state::text as state, retry_count + 1 as attempt, created_on::text as created,
         started_on::text as started, completed_on::text as completed, output
       from ${schema}.job where name = $1 and ${where} order by created_on desc, id limit ${JOBS_LISTED}`,
      [QUEUE, ...values],
    );
    return rows as unknown as JobRow[];
  };

  return {
    async send(data) {
      const id = await boss.send(QUEUE, data);
      if (id === null) throw new Error('the queue did not take the job');
      return id;
    },
    async claim() {
      const [job] = await boss.fetch<JobData>(QUEUE, { includeMetadata: true });
      if (!job) return undefined;
      return { id: job.id, ...job.data, attempt: job.retryCount + 1 };
    },
    beat: (claim, record) => fenced(claim, (sql) => update(sql, claim, { set: 'started_on = now()', record })),
    complete: (claim, record) => fenced(claim, (sql) => boss.complete(QUEUE, claim.id, record, through(sql))),
    lose: (claim, record) => fenced(claim, (sql) => boss.fail(QUEUE, claim.id, record, through(sql))),
    end: (claim, state, record) =>
      fenced(claim, (sql) => update(sql, claim, { set: `state = '${ENDS[state]}', completed_on = now()`, record })),
    release: (claim, record) =>
      fenced(claim, (sql) =>
        // pg-boss counts an attempt if `started_on` is set.
        update(sql, claim, { set: "state = 'retry', start_after = now(), started_on = null", record }),
      ),
    async note(claim, record) {
      await execute(
        `update ${schema}.job set output = $4::text::jsonb
         where name = $1 and id = $2 and state = 'cancelled' and retry_count = $3`,
        [...keyOf(claim), JSON.stringify(record)],
      );
    },
    async cancel(id) {
      const { rows } = await execute(
        `update ${schema}.job set state = 'cancelled', completed_on = now()
         where name = $1 and id = $2 and state < 'completed' returning id`,
        [QUEUE, id],
      );
      return rows.length > 0;
    },
    async maintain() {
      await boss.maintain();
    },
    async claimed() {
      return (await rowsOf("state = 'active'", [])).map(({ id, data, attempt, output }) => ({
        claim: { id, ...data, attempt },
        record: { notes: [], ...output },
      }));
    },
    list: async () => (await rowsOf('true', [])).map(jobOf),
    async get(id) {
      if (!UUID.test(id)) return undefined;
      return (await rowsOf('id = $2', [id])).map(jobOf)[0];
    },
    deadCount: () => boss.getQueueSize(DEAD),
    close: () => boss.stop({ graceful: false, close: false }),
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function jobOf({ id, data, state, attempt, created, started, completed, output }: JobRow): Job {
  const time = (text: string) => new Date(text).toISOString();
  const { progress, memory, notes = [], error = output?.value?.message } = output ?? {};
  return {
    id,
    kind: data.kind,
    state: STATES[state],
    settings: data.settings,
    ...(data.name === undefined ? {} : { name: data.name }),
    ...(data.continues ? { continues: true } : {}),
    ...(data.args === undefined ? {} : { args: data.args }),
    attempt,
    createdAt: time(created),
    startedAt: output?.startedAt ?? time(started ?? created),
    ...(completed === null ? {} : { endedAt: time(completed) }),
    ...(progress === undefined ? {} : { progress }),
    ...(memory === undefined ? {} : { memory }),
    notes,
    ...(error === undefined ? {} : { error }),
  };
}

function bossDatabase(execute: SqlExecutor): PgBoss.Db {
  return { executeSql: (text, values) => execute(text, values) as Promise<{ rows: unknown[] }> };
}

function through(execute: SqlExecutor): PgBoss.ConnectionOptions {
  return { db: bossDatabase(execute) };
}
