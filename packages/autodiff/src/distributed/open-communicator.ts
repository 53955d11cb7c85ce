/** Opens the communicator for this process. */
import { type Communicator, single } from './communicator.ts';
import { launchedRank } from './mpi/environment.ts';
import type { OpenOptions } from './mpi/mpi-communicator.ts';

/**
 * Returns `single`, or a communicator of the ranks that mpirun or srun started. The MPI code is loaded only for
 * launched ranks.
 */
export async function openCommunicator(options: OpenOptions = {}): Promise<Communicator> {
  const launched = launchedRank();
  if (!launched) return single;
  const { openMpiCommunicator } = await import('./mpi/mpi-communicator.ts');
  return openMpiCommunicator(launched, options);
}
