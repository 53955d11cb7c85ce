/** Chooses the GPU of this process by its rank on this host, which the launcher's environment variables give. */

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The device id; 0 for a single process. If a scheduler makes only some GPUs visible to a process, ids number the
 * visible GPUs.
 */
export function localDeviceId(env: Environment = process.env): number {
  const rank = Number(env.OMPI_COMM_WORLD_LOCAL_RANK ?? env.SLURM_LOCALID ?? 0);
  const visible = env.CUDA_VISIBLE_DEVICES?.split(',').filter((id) => id.trim() !== '').length;
  return Number.isSafeInteger(rank) ? rank % (visible || Number.POSITIVE_INFINITY) : 0;
}
