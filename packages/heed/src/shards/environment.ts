/** Finds the shard that a launcher or scheduler assigned to this process in environment variables. */
import { badInput } from '../errors.ts';
import type { Shard } from './shard.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The index of a process among several, from 0, and the number of these processes. */
interface Place {
  readonly index: number;
  readonly count: number;
}

/** Variable with the number of shards, for schedulers that set only an index; 1 disables shards. */
export const SHARDS_VARIABLE = 'HEED_SHARDS';

/**
 * The shard of this process; undefined when this process does all the work. Ranks inside an array task divide the
 * task's shard further. Throws when the environment has an index but no number of shards.
 */
export function shardOfEnvironment(env: Environment = process.env): Shard | undefined {
  const count = wholeNumber(env, SHARDS_VARIABLE);
  if (count === 1) return undefined;
  const outer = count === undefined ? slurmArray(env) : schedulerIndex(env, count);
  const inner = ranks(env) ?? ALONE;
  if (outer === undefined && inner.count === 1) checkCount(env, count);
  const { index, count: of } = combine(outer ?? ALONE, inner);
  return of === 1 ? undefined : { number: index + 1, of };
}

const ALONE: Place = { index: 0, count: 1 };

function combine(outer: Place, inner: Place): Place {
  return { index: outer.index * inner.count + inner.index, count: outer.count * inner.count };
}

/**
 * With HEED_SHARDS, the index of a task in an array job or indexed job is the shard, so that a lost task can be
 * restarted alone.
 */
function schedulerIndex(env: Environment, count: number): Place | undefined {
  for (const name of ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX']) {
    const index = wholeNumber(env, name);
    if (index === undefined) continue;
    if (index < count) return { index, count };
    throw badInput(`${name}: expected an index from 0 to ${count - 1}, got ${index}`);
  }
  return undefined;
}

function checkCount(env: Environment, count: number | undefined): void {
  const index = env.JOB_COMPLETION_INDEX;
  if (index !== undefined && count === undefined) {
    throw badInput(
      `${SHARDS_VARIABLE}: expected the completions of the job beside JOB_COMPLETION_INDEX=${index}, got none`,
    );
  }
  if (index === undefined && count !== undefined) {
    throw badInput(
      `${SHARDS_VARIABLE}: expected SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX beside it, got neither; --shard 1/${count} names a shard`,
    );
  }
}

function slurmArray(env: Environment): Place | undefined {
  const [id, count, min] = ['ID', 'COUNT', 'MIN'].map((name) => wholeNumber(env, `SLURM_ARRAY_TASK_${name}`));
  if (id === undefined || count === undefined || count === 1) return undefined;
  const index = (id - (min ?? 0)) / (wholeNumber(env, 'SLURM_ARRAY_TASK_STEP') ?? 1);
  if (Number.isInteger(index) && index >= 0 && index < count) return { index, count };
  throw badInput(
    `SLURM_ARRAY_TASK_ID: expected an array without gaps, got task ${id} of ${count}; set ${SHARDS_VARIABLE} or give --shard`,
  );
}

/** The rank and the number of ranks under mpirun, or the task and the number of tasks in a step of srun. */
function ranks(env: Environment): Place | undefined {
  for (const [rank, size] of RANKS) {
    const [index, count] = [wholeNumber(env, rank), wholeNumber(env, size)];
    if (index !== undefined && count !== undefined) return { index, count };
  }
  return undefined;
}

const RANKS = [
  ['OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'],
  // Set in the steps of srun, not in the shell of a batch script.
  ['SLURM_PROCID', 'SLURM_STEP_NUM_TASKS'],
] as const;

function wholeNumber(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw badInput(`${name}: expected a whole number, got '${text}'`);
}
