/** The link between two network namespaces: as fast as the machine, limited by `tc`, or forwarded late by a process. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const DELAYED_LINK = fileURLToPath(new URL('./delayed-link.ts', import.meta.url));

export interface LinkLimits {
  readonly gbit: number;
  /** Each way. */
  readonly delayMs: number;
}

export interface Cable {
  /** The devices' names in either namespace. */
  readonly devices: readonly [string, string];
  remove(): void;
}

type Pair = readonly [string, string];

const ip = (...args: readonly string[]) => void execFileSync('ip', args, { stdio: 'pipe' });

/** The namespaces get the addresses 10.77.0.1 and 10.77.0.2. */
export async function layCable(namespaces: Pair, limits?: LinkLimits): Promise<Cable> {
  const devices: Pair = [`v${namespaces[0]}`, `v${namespaces[1]}`];
  const isDelayed = limits !== undefined && limits.delayMs > 0;
  const forwarder = isDelayed ? await startForwarder(devices, limits) : undefined;
  if (!isDelayed) ip('link', 'add', devices[0], 'type', 'veth', 'peer', 'name', devices[1]);
  for (const [i, name] of namespaces.entries()) {
    ip('link', 'set', devices[i]!, 'netns', name);
    ip('-n', name, 'addr', 'add', `10.77.0.${i + 1}/24`, 'dev', devices[i]!);
    // A process forwards few large packets faster than many small ones.
    if (isDelayed) ip('-n', name, 'link', 'set', devices[i]!, 'mtu', '32000');
    ip('-n', name, 'link', 'set', devices[i]!, 'up');
    if (limits && !isDelayed) limitRate(name, devices[i]!, limits.gbit);
  }
  return {
    devices,
    remove() {
      // Of a veth pair, one takes the other with it.
      const own = forwarder ? [0, 1] : [0];
      for (const i of own) ip('-n', namespaces[i]!, 'link', 'del', devices[i]!);
      forwarder?.kill('SIGKILL');
    },
  };
}

function limitRate(namespace: string, device: string, gbit: number): void {
  // Bursts are what passes in two milliseconds: timers of small virtual machines are no finer.
  const burst = Math.round((gbit * 1e9 * 0.002) / 8);
  const rate = `${Math.round(gbit * 1000)}mbit`;
  const discipline = ['root', 'tbf', 'rate', rate, 'burst', String(burst), 'latency', '50ms'];
  ip('netns', 'exec', namespace, 'tc', 'qdisc', 'replace', 'dev', device, ...discipline);
}

/** netem does this in the kernel; small virtual machines have no netem. */
async function startForwarder(devices: Pair, { gbit, delayMs }: LinkLimits) {
  const args = ['--import', 'tsx', DELAYED_LINK, ...devices, String(1000 * gbit), String(delayMs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const hasEnded = once(child, 'exit').then(() => {
    throw new Error(`expected a link with a delay, but its process ended: ${said.trim().split('\n').at(-1)}`);
  });
  await Promise.race([once(child.stdout, 'data'), hasEnded]);
  hasEnded.catch(() => {});
  return child;
}
