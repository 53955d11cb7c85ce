/** Opens the communicator that fits how this process was started. */
import { type Communicator, single } from './communicator.ts';
import { launchedRank } from './mpi/environment.ts';
import type { OpenOptions } from './mpi/mpi-communicator.ts';

/** `single`, or the ranks that mpirun or srun started. The MPI code is loaded in the second case alone. */
export async function openCommunicator(options: OpenOptions = {}): Promise<Communicator> {
  const launched = launchedRank();
  if (!launched) return single;
  const { openMpiCommunicator } = await import('./mpi/mpi-communicator.ts');
  return openMpiCommunicator(launched, options);
}
