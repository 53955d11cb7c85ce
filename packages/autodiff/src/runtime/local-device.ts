/**
 * Which of a host's GPUs this process takes: the rank among the processes of its host, by the launcher's environment.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** 0 for a process alone. Where a scheduler shows each process fewer GPUs, the ids count among those. */
export function localDeviceId(env: Environment = process.env): number {
  const rank = Number(env.OMPI_COMM_WORLD_LOCAL_RANK ?? env.SLURM_LOCALID ?? 0);
  const visible = env.CUDA_VISIBLE_DEVICES?.split(',').filter((id) => id.trim() !== '').length;
  return Number.isSafeInteger(rank) ? rank % (visible || Number.POSITIVE_INFINITY) : 0;
}
