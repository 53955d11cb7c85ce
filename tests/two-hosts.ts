/** Two hosts of network namespaces on one machine, with a link between them that can be cut and slowed. For tests alone. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string; seconds: number }>;
}

export interface TwoHosts {
  /** Host names, which are the namespaces' names. */
  readonly names: readonly [string, string];
  /** `heed ARGS` on a host. */
  start(host: string, args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** `heed ARGS` as one rank on each host, by mpirun on the first. */
  startRanks(args: readonly string[]): Running;
  /** Takes the link down or up. */
  setLink(state: 'up' | 'down'): void;
  /** Limits the link to 1 Gbit/s and, where the kernel can, delays it by 10 ms; says what it did. */
  slowDown(): string;
  /** Ends all processes of a host at once, as a power cut would. */
  cutOff(host: string): void;
  close(): void;
}

const run = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { stdio: 'pipe', encoding: 'utf8' });

export function makeTwoHosts(folder: string): TwoHosts {
  const names = [`hd${process.pid}a`, `hd${process.pid}b`] as const;
  const links = names.map((name) => `v${name}`) as [string, string];
  for (const name of names) run('ip', 'netns', 'add', name);
  run('ip', 'link', 'add', links[0], 'type', 'veth', 'peer', 'name', links[1]);
  for (const [i, name] of names.entries()) {
    run('ip', 'link', 'set', links[i]!, 'netns', name);
    run('ip', '-n', name, 'addr', 'add', `10.77.0.${i + 1}/24`, 'dev', links[i]!);
    for (const device of ['lo', links[i]!]) run('ip', '-n', name, 'link', 'set', device, 'up');
    mkdirSync(`/etc/netns/${name}`, { recursive: true });
    const hosts = names.map((other, j) => `10.77.0.${j + 1} ${other}\n`).join('');
    writeFileSync(`/etc/netns/${name}/hosts`, `127.0.0.1 localhost\n${hosts}`);
  }
  const agent = join(folder, 'agent.sh');
  writeFileSync(
    agent,
    '#!/bin/bash\nhost=$1; shift\nexec ip netns exec "$host" unshare --uts bash -c "hostname $host; $*"\n',
    { mode: 0o755 },
  );
  const inside = (host: string) => [
    'netns',
    'exec',
    host,
    'unshare',
    '--uts',
    'bash',
    '-c',
    `hostname ${host}; exec "$@"`,
    '-',
  ];
  const start = (host: string, command: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    watch(
      spawn('ip', [...inside(host), ...command], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      }),
    );
  return {
    names,
    start: (host, args, env) => start(host, [process.execPath, HEED, ...args], env),
    startRanks: (args) => start(names[0], ['mpirun', ...mpirunOptions(agent, names), process.execPath, HEED, ...args]),
    setLink: (state) => void run('ip', '-n', names[0], 'link', 'set', links[0], state),
    slowDown() {
      const isSet = (...discipline: readonly string[]) =>
        names.every(
          (name, i) =>
            spawnSync('ip', ['netns', 'exec', name, 'tc', 'qdisc', 'replace', 'dev', links[i]!, 'root', ...discipline])
              .status === 0,
        );
      if (isSet('netem', 'delay', '10ms', 'rate', '1gbit')) return '1 Gbit/s and 10 ms';
      // Kernels of small virtual machines have no netem.
      if (isSet('tbf', 'rate', '1gbit', 'burst', '256kb', 'latency', '50ms')) return '1 Gbit/s';
      throw new Error('expected the kernel to have netem or tbf, got neither');
    },
    cutOff(host) {
      for (const pid of run('ip', 'netns', 'pids', host).split('\n').filter(Boolean)) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {
          // It has ended.
        }
      }
    },
    close() {
      for (const name of names) {
        this.cutOff(name);
        run('ip', 'netns', 'del', name);
        rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
      }
    },
  };
}

/** As docs/many-machines.md gives them, and the agent in place of ssh. */
function mpirunOptions(agent: string, names: readonly string[]): string[] {
  const settings = {
    plm: 'rsh',
    plm_rsh_agent: agent,
    btl_tcp_if_include: '10.77.0.0/24',
    oob_tcp_if_include: '10.77.0.0/24',
    oob_tcp_keepalive_time: '5',
    oob_tcp_keepalive_intvl: '2',
    oob_tcp_keepalive_probes: '3',
    pml: 'ob1',
    btl: 'self,tcp',
  };
  const mca = Object.entries(settings).flatMap(([name, value]) => ['--mca', name, value]);
  const hosts = names.map((name) => `${name}:1`).join();
  return ['--allow-run-as-root', '--bind-to', 'none', '-n', '2', '--host', hosts, ...mca];
}

function watch(child: ChildProcess): Running {
  const output = { stdout: '', stderr: '' };
  const startedAt = performance.now();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]!.on('data', (text) => {
      output[stream] += text;
    });
  }
  const ended = new Promise<Awaited<Running['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...output, seconds: (performance.now() - startedAt) / 1000 }));
  });
  return { child, said: () => output.stderr, ended };
}
