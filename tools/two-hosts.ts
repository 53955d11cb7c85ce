/** Two hosts of network namespaces on one machine, with a link between them that can be cut, slowed and delayed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cable, type LinkLimits, layCable } from './cable.ts';

const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string; seconds: number }>;
}

/** A command and what stands before the program that it starts. */
export interface Launcher {
  readonly command: string;
  readonly args: readonly string[];
}

export interface TwoHosts {
  /** Host names, which are the namespaces' names. */
  readonly names: readonly [string, string];
  /** `heed ARGS` on a host. */
  start(host: string, args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** `heed ARGS` as one rank on each host, by mpirun on the first. */
  startRanks(args: readonly string[]): Running;
  /** mpirun with one rank on each host; `-n`, the program and its arguments follow. */
  readonly launcher: Launcher;
  /** Takes the link down or up. */
  setLink(state: 'up' | 'down'): void;
  /** Replaces the link, so programs that use it lose it. Without limits it is as fast as the machine. */
  shape(limits?: LinkLimits): Promise<void>;
  /** Ends all processes of a host at once, as a power cut would. */
  cutOff(host: string): void;
  close(): void;
}

const run = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { stdio: 'pipe', encoding: 'utf8' });

export async function makeTwoHosts(folder: string): Promise<TwoHosts> {
  const names = [`hd${process.pid}a`, `hd${process.pid}b`] as const;
  for (const name of names) {
    run('ip', 'netns', 'add', name);
    run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    mkdirSync(`/etc/netns/${name}`, { recursive: true });
    const hosts = names.map((other, j) => `10.77.0.${j + 1} ${other}\n`).join('');
    writeFileSync(`/etc/netns/${name}/hosts`, `127.0.0.1 localhost\n${hosts}`);
  }
  let cable: Cable = await layCable(names);
  const agent = join(folder, 'agent.sh');
  writeFileSync(
    agent,
    '#!/bin/bash\nhost=$1; shift\nexec ip netns exec "$host" unshare --uts bash -c "hostname $host; $*"\n',
    { mode: 0o755 },
  );
  const inside = (host: string) => [
    ...['netns', 'exec', host, 'unshare', '--uts'],
    ...['bash', '-c', `hostname ${host}; exec "$@"`, '-'],
  ];
  const launcher = { command: 'ip', args: [...inside(names[0]), 'mpirun', ...mpirunOptions(agent, names)] };
  const heed = [process.execPath, HEED];
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    watch(spawn('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } }));
  const cutOff = (host: string) => {
    for (const pid of run('ip', 'netns', 'pids', host).split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  };
  return {
    names,
    start: (host, args, env) => start([...inside(host), ...heed, ...args], env),
    startRanks: (args) => start([...launcher.args, '-n', '2', ...heed, ...args]),
    launcher,
    setLink: (state) => void run('ip', '-n', names[0], 'link', 'set', cable.devices[0], state),
    async shape(limits) {
      cable.remove();
      cable = await layCable(names, limits);
    },
    cutOff,
    close() {
      for (const name of names) cutOff(name);
      cable.remove();
      for (const name of names) {
        run('ip', 'netns', 'del', name);
        if (existsSync(`/etc/netns/${name}`)) rmSync(`/etc/netns/${name}`, { recursive: true });
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
  return ['--allow-run-as-root', '--bind-to', 'none', '--host', hosts, ...mca];
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
