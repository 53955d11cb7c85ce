/** A working process and the conversation with it: one request, one reply, in order. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Device } from '@heed/diffusion/autodiff';
import { HeedError } from '../packages/heed/src/errors.ts';
import type { Exchanges } from './protocol.ts';

export interface Worker {
  /** 'heed' or 'PyTorch'; errors begin with it. */
  readonly name: string;
  /** Rejects with one sentence when the process reports an error or ends. */
  ask<D extends keyof Exchanges>(request: D, details: Exchanges[D]['request']): Promise<Exchanges[D]['reply']>;
  /** Ends the process; safe to call twice. */
  close(): Promise<void>;
}

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const HEED_SERVER = fileURLToPath(new URL('./heed/serve.ts', import.meta.url));
const PEER_SERVER = fileURLToPath(new URL('./peers/serve.py', import.meta.url));
/** Of what a process prints on stderr, as much is kept for its obituary. */
const KEPT_CHARACTERS = 4000;

/** heed's process, started as the `heed` command is. */
export const HEED_COMMAND = [process.execPath, '--import', 'tsx', HEED_SERVER] as const;

export function startHeed(): Worker {
  const [command, ...args] = HEED_COMMAND;
  return startWorker('heed', command, args);
}

interface PeerOptions {
  readonly threads: number;
  readonly device: Device;
}

/** PyTorch's process. */
export function startPeer(python: string, options: PeerOptions): Worker {
  const { args, environment } = peerCommand(options);
  return startWorker('PyTorch', python, args, environment);
}

/** Arguments and environment of PyTorch's process. Its thread pools are sized at start. */
export function peerCommand({ threads, device }: PeerOptions) {
  return {
    args: [PEER_SERVER],
    environment: {
      OMP_NUM_THREADS: String(threads),
      MKL_NUM_THREADS: String(threads),
      // Nothing is downloaded: models are folders here.
      HF_HUB_OFFLINE: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      HEED_BENCH_PEER_DEVICE: device === 'cpu' ? 'cpu' : 'cuda',
    },
  };
}

/** Starts any process that speaks the protocol. */
export function startWorker(
  name: string,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Worker {
  const child = spawn(command, args, {
    cwd: REPOSITORY,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const waiting: { resolve(reply: unknown): void; reject(error: Error): void }[] = [];
  let heard = '';
  let ended: HeedError | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard = (heard + text).slice(-KEPT_CHARACTERS);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) return;
    try {
      const reply = JSON.parse(line);
      if (typeof reply.error === 'string') next.reject(new HeedError(`${name}: ${reply.error}`));
      else next.resolve(reply);
    } catch {
      next.reject(new HeedError(`${name}: expected a line of JSON, got ${JSON.stringify(line.slice(0, 200))}`));
    }
  });
  const end = (how: string) => {
    const lastWords = heard.trim().split('\n').at(-1) ?? '';
    ended ??= new HeedError(`${name}: expected a reply, but its process ${how}${lastWords ? `: ${lastWords}` : ''}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.on('error', (error) => end(`could not be started (${error.message})`));
  child.on('close', (code, signal) => end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
  // A process that is gone is told of by `close`, not by the pipe to it.
  child.stdin.on('error', () => {});

  return {
    name,
    ask: <D extends keyof Exchanges>(request: D, details: Exchanges[D]['request']) =>
      new Promise<Exchanges[D]['reply']>((resolve, reject) => {
        if (ended) return reject(ended);
        waiting.push({ resolve: resolve as (reply: unknown) => void, reject });
        child.stdin.write(`${JSON.stringify({ do: request, ...details })}\n`);
      }),
    async close() {
      if (ended) return;
      child.stdin.end();
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
}
