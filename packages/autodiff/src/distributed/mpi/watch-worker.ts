/**
 * The worker of `watch.ts`. The functions of this file are turned into source text for the worker, so they may use
 * nothing outside this file.
 */
import type { Server, Socket } from 'node:net';
import type { WatchData } from './watch.ts';

/**
 * What a rank knows of the ranks that it watches. Rank 0 watches all other ranks, and each other rank watches rank 0.
 */
interface WatchState {
  /** Time of the last message from each watched rank. */
  readonly heard: Map<number, number>;
  readonly done: Set<number>;
  readonly sockets: Map<number, Socket>;
}

/**
 * How ranks connect to rank 0: its addresses and port, the key that a rank must send, and the greeting that rank 0
 * sends.
 */
interface Meeting {
  readonly key: string;
  readonly greeting: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

/** Returns the worker's source text: the functions below, and a call of `watchRanks` with the worker's data. */
export function watchWorkerCode(): string {
  const functions = [listenForLines, noteLine, acceptRanks, joinFirstRank, createFailure, watchRanks];
  // `__name` is what esbuild may call.
  return `const __name = (value) => value;
${functions.map(String).join('\n')}
watchRanks(require('node:worker_threads').workerData);`;
}

/** Calls `onLine` with each line that the socket receives. */
function listenForLines(socket: Socket, onLine: (line: string) => void): void {
  let rest = '';
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    const lines = (rest + data.toString('latin1')).split('\n');
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
    if (rest.length > 1000) socket.destroy();
  });
  // A lost connection is noticed by its silence, in case it comes back.
  socket.on('error', () => {});
}

/**
 * Handles a line. Any line shows that the sending rank is alive; 'stop' is the last line of a rank that ends normally.
 */
function noteLine({ heard, done }: WatchState, from: number, line: string): void {
  heard.set(from, Date.now());
  if (line === 'stop') done.add(from);
}

/** Runs on rank 0: starts a server that accepts connections of ranks which send the key. Resolves once it listens. */
async function acceptRanks(state: WatchState): Promise<Meeting> {
  const { randomBytes } = await import('node:crypto');
  const { createServer } = await import('node:net');
  const { networkInterfaces } = await import('node:os');
  const [key, greeting] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const server: Server = createServer((socket) => {
    let from: number | undefined;
    socket.write(`${greeting}\n`);
    listenForLines(socket, (line) => {
      if (from === undefined) {
        const [given, number] = line.split(' ');
        if (given !== key) return void socket.destroy();
        from = Number(number);
        state.sockets.set(from, socket);
      }
      noteLine(state, from, line);
    });
  });
  // Without a host, Node listens on IPv6 and IPv4, or on IPv4 alone where there is no IPv6.
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const bound = server.address();
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    // The scope of a link-local address has another name on each host.
    .filter(({ address }) => !address.startsWith('fe80:'))
    .map((one) => one.address);
  return { key, greeting, addresses, port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
}

/**
 * Runs on the other ranks: tries all addresses of rank 0 at once and keeps the first connection that sends rank 0's
 * greeting. An address of rank 0, such as 127.0.0.1 or that of a container's bridge, may belong to another program on
 * this host.
 */
async function joinFirstRank(state: WatchState, rank: number, meeting: Meeting): Promise<void> {
  const { connect } = await import('node:net');
  const { sockets } = state;
  for (const host of meeting.addresses) {
    const socket = connect({ host, port: meeting.port });
    listenForLines(socket, (line) => {
      if (sockets.get(0) === socket) return noteLine(state, 0, line);
      if (sockets.has(0) || line !== meeting.greeting) return void socket.destroy();
      sockets.set(0, socket);
      socket.write(`${meeting.key} ${rank}\n`);
    });
    socket.on('close', () => {
      if (sockets.get(0) === socket) sockets.delete(0);
    });
  }
}

/** Returns a function that prints a sentence and kills the process, unless the process is already ending. */
async function createFailure({ rank, ending }: WatchData): Promise<(sentence: string) => void> {
  const { writeSync } = await import('node:fs');
  return (sentence) => {
    if (Atomics.exchange(ending, 0, 1) === 1) return;
    writeSync(2, `heed: rank ${rank}: ${sentence}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}

/** Watches the other ranks until the main thread sends `stop`; ends the process if a rank is lost. */
async function watchRanks(data: WatchData): Promise<void> {
  const { rank, size, silenceSeconds } = data;
  const { parentPort } = await import('node:worker_threads');
  const BEAT_MS = 1000;
  const started = Date.now();
  const state: WatchState = { heard: new Map(), done: new Set(), sockets: new Map() };
  const { heard, done, sockets } = state;
  const fail = await createFailure(data);
  const meeting = rank === 0 ? await acceptRanks(state) : undefined;
  let hasBegun = false;
  let first: Meeting | undefined;

  parentPort!.on('message', (message: { connect?: string; stop?: true }) => {
    if (message.connect !== undefined) {
      hasBegun = true;
      const now = Date.now();
      if (rank === 0) {
        for (let other = 1; other < size; other++) heard.set(other, now);
      } else {
        first = JSON.parse(message.connect) as Meeting;
        heard.set(0, now);
        void joinFirstRank(state, rank, first);
      }
    }
    if (message.stop) for (const socket of sockets.values()) socket.end('stop\n');
  });
  parentPort!.postMessage(meeting === undefined ? '' : JSON.stringify(meeting));

  let lastLook = Date.now();
  setInterval(() => {
    const now = Date.now();
    // The whole host stood still (a suspended container): what was missed meanwhile proves nothing.
    if (now - lastLook > 5 * BEAT_MS) for (const other of heard.keys()) heard.set(other, now);
    lastLook = now;
    if (!hasBegun) {
      if (now - started > silenceSeconds * 1000) {
        fail(`expected ${size} ranks to come within ${silenceSeconds} s, at least one did not`);
      }
      return;
    }
    for (const socket of sockets.values()) if (!socket.destroyed) socket.write('beat\n');
    if (first && !sockets.has(0)) void joinFirstRank(state, rank, first);
    for (const [other, at] of heard) {
      if (done.has(other) || now - at <= silenceSeconds * 1000) continue;
      fail(
        `expected a sign of rank ${other} at least every ${silenceSeconds} s, got none: its host or the network is gone`,
      );
    }
  }, BEAT_MS);
}
