// Says whether this machine can play a cluster in tests: network namespaces as hosts, and Slurm without munge.
// Root and the programs are needed; containers may forbid namespaces. What cannot run is left out and named.
import { spawnSync } from 'node:child_process';

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const isThere = (program) => succeeds('sh', '-c', `command -v ${program}`);
const missing = (programs) => programs.filter((program) => !isThere(program));

/**
 * Undefined where hosts can be made of network namespaces; else why not, and whether installing a package would help.
 */
export function whyNoHosts() {
  const absent = missing(['ip', 'tc', 'unshare', 'mpirun']);
  if (absent.length > 0) return { isInstallable: true, why: `${absent.join(', ')} is not installed` };
  const name = `heed-probe-${process.pid}`;
  const isAllowed =
    succeeds('ip', 'netns', 'add', name) && succeeds('ip', 'netns', 'exec', name, 'unshare', '--uts', 'true');
  spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  return isAllowed ? undefined : { isInstallable: false, why: 'network namespaces are not allowed here' };
}

/** The same for Slurm. */
export function whyNoSlurm() {
  const absent = missing(['slurmctld', 'slurmd', 'srun', 'sbatch', 'mpirun']);
  if (absent.length > 0) return { isInstallable: true, why: `${absent.join(', ')} is not installed` };
  return process.getuid?.() === 0 ? undefined : { isInstallable: false, why: 'Slurm is run as root in the tests' };
}
