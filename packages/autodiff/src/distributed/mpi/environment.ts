/** Detects from the environment whether a launcher started this process as one of several. Loads no library. */
import { InputError } from '../../errors.ts';

/** What the launcher says about this process in environment variables. */
export interface LaunchedRank {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly launcher: 'mpirun' | 'srun';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the rank of a process that mpirun or srun started; undefined for a single process. Throws when another MPI
 * library's launcher started several processes, because each process would run as if it were alone.
 */
export function launchedRank(env: Environment = process.env): LaunchedRank | undefined {
  const number = (name: string) => (env[name] === undefined || env[name] === '' ? undefined : Number(env[name]));
  const openMpi = number('OMPI_COMM_WORLD_SIZE');
  if (openMpi !== undefined) {
    const rank = number('OMPI_COMM_WORLD_RANK') ?? 0;
    const localRank = number('OMPI_COMM_WORLD_LOCAL_RANK') ?? 0;
    return openMpi > 1 ? { rank, size: openMpi, localRank, launcher: 'mpirun' } : undefined;
  }
  // srun sets SLURM_NTASKS in a batch script's shell as well; PMIX_RANK is set for the tasks of `srun --mpi=pmix`
  // alone.
  const tasks = number('SLURM_NTASKS') ?? number('SLURM_NPROCS');
  const pmix = number('PMIX_RANK');
  if (pmix !== undefined && tasks !== undefined) {
    return tasks > 1
      ? { rank: pmix, size: tasks, localRank: number('SLURM_LOCALID') ?? 0, launcher: 'srun' }
      : undefined;
  }
  const other = OTHER_LAUNCHERS.find((name) => (number(name) ?? 1) > 1);
  if (other !== undefined) {
    throw new InputError(
      `expected the processes to be started by Open MPI's mpirun or by \`srun --mpi=pmix\`, got another launcher (${other}=${env[other]})`,
    );
  }
  return undefined;
}

/**
 * Variables in which unsupported launchers give the number of processes: of MPICH and Intel MPI, of MVAPICH, and of
 * srun without PMIx.
 */
const OTHER_LAUNCHERS = ['PMI_SIZE', 'MV2_COMM_WORLD_SIZE', 'SLURM_STEP_NUM_TASKS'];
