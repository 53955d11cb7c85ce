/** The worker of `watch.ts`. The function is turned into text, so it must refer to nothing outside itself. */
import type { Socket } from 'node:net';
import type { WatchData } from './watch.ts';

/** Watches the other ranks until it is told to stop, or ends the process. */
export async function watchRanks({ rank, size, silenceSeconds, ending }: WatchData): Promise<void> {
  const { createServer, connect } = await import('node:net');
  const { networkInterfaces } = await import('node:os');
  const { writeSync } = await import('node:fs');
  const { randomBytes } = await import('node:crypto');
  const { parentPort } = await import('node:worker_threads');
  const BEAT_MS = 1000;
  const STOPPED = 'stop';
  const started = Date.now();
  /** When each watched rank was last heard of. Rank 0 watches all, the others rank 0. */
  const heard = new Map<number, number>();
  const done = new Set<number>();
  const sockets = new Map<number, Socket>();
  let hasBegun = false;
  let key = '';

  const fail = (sentence: string) => {
    if (Atomics.exchange(ending, 0, 1) === 1) return;
    writeSync(2, `heed: rank ${rank}: ${sentence}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  const listenTo = (socket: Socket, onLine: (line: string) => void) => {
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
  };
  const open = (addresses: readonly string[], port: number) => {
    for (const host of addresses) {
      const socket = connect({ host, port });
      listenTo(socket, (line) => {
        heard.set(0, Date.now());
        if (line === STOPPED) done.add(0);
      });
      socket.on('connect', () => {
        if (sockets.has(0)) return void socket.destroy();
        sockets.set(0, socket);
        socket.write(`${key} ${rank}\n`);
      });
      socket.on('close', () => {
        if (sockets.get(0) === socket) sockets.delete(0);
      });
    }
  };

  let address = '';
  if (rank === 0) {
    key = randomBytes(16).toString('hex');
    const server = createServer((socket) => {
      let from: number | undefined;
      listenTo(socket, (line) => {
        if (from === undefined) {
          const [given, number] = line.split(' ');
          if (given !== key) return void socket.destroy();
          from = Number(number);
          sockets.set(from, socket);
        }
        heard.set(from, Date.now());
        if (line === STOPPED) done.add(from);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const bound = server.address();
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family }) => family === 'IPv4')
      .map((one) => one.address);
    address = JSON.stringify({ key, addresses, port: typeof bound === 'object' ? bound?.port : 0 });
  }

  let link: { addresses: string[]; port: number } | undefined;
  parentPort!.on('message', (message: { connect?: string; stop?: true }) => {
    if (message.connect !== undefined) {
      hasBegun = true;
      const now = Date.now();
      if (rank === 0) {
        for (let other = 1; other < size; other++) heard.set(other, now);
      } else {
        const { key: given, addresses, port } = JSON.parse(message.connect);
        key = given;
        link = { addresses, port };
        heard.set(0, now);
        open(addresses, port);
      }
    }
    if (message.stop) for (const socket of sockets.values()) socket.end(`${STOPPED}\n`);
  });
  parentPort!.postMessage(address);

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
    if (rank !== 0 && !sockets.has(0) && link) open(link.addresses, link.port);
    for (const [other, at] of heard) {
      if (done.has(other) || now - at <= silenceSeconds * 1000) continue;
      fail(
        `expected a sign of rank ${other} at least every ${silenceSeconds} s, got none: its host or the network is gone`,
      );
    }
  }, BEAT_MS);
}
