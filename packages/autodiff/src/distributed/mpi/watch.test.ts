/** How a rank finds rank 0 among the addresses that rank 0 names. What the watch notices is in `mpi.test.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-watch-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A server that says `hello` after some time, and the lines it was sent. */
async function listen(host: string, options: { port: number; hello: string; afterMs: number }) {
  const lines: string[] = [];
  const server: Server = createServer(async (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => lines.push(...data.toString().trim().split('\n')));
    await sleep(options.afterMs);
    socket.write(`${options.hello}\n`);
  });
  server.listen(options.port, host);
  await once(server, 'listening');
  return { lines, server, port: (server.address() as AddressInfo).port };
}

/** The watch of rank 1 as a process: its worker's code is text, which Vitest's transformation would break. */
async function startRank1(meeting: object) {
  const program = join(folder, 'rank.mjs');
  await writeFile(
    program,
    `const { startWatch } = await import('${new URL('./watch.ts', import.meta.url).href}');
    const watch = await startWatch({ rank: 1, size: 2, silenceSeconds: 30 });
    watch.connect(process.argv[2]);
    setInterval(() => {}, 1000);`,
  );
  const loader = fileURLToPath(import.meta.resolve('tsx'));
  return spawn(process.execPath, ['--import', loader, program, JSON.stringify(meeting)], { stdio: 'inherit' });
}

it('joins the rank 0 that greets, not another program on an address of the same name', async () => {
  const rank0 = await listen('127.0.0.1', { port: 0, hello: 'greeting', afterMs: 300 });
  const other = await listen('127.0.0.2', { port: rank0.port, hello: 'SSH-2.0-OpenSSH_9.2', afterMs: 0 });
  const addresses = ['127.0.0.2', '127.0.0.1'];
  const rank1 = await startRank1({ key: 'key', greeting: 'greeting', addresses, port: rank0.port });
  try {
    await expect.poll(() => rank0.lines.slice(0, 2), { timeout: 20_000 }).toEqual(['key 1', 'beat']);
    expect(other.lines).toEqual([]);
  } finally {
    rank1.kill('SIGKILL');
    for (const { server } of [rank0, other]) server.close();
  }
});
