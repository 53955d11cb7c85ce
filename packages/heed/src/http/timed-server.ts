/**
 * The HTTP server of the studio and of `heed serve`: limits on slow senders, choice of a port, and a graceful shutdown.
 */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { badInput, HeedError } from '../errors.ts';
import { quote } from '../text/nearest.ts';

/** The default address of servers. Only this machine can connect to the loopback address. */
export const LOOPBACK = '127.0.0.1';
const SWEEP_MS = 50;

/** Creates a server that closes requests which do not end in time, so that a slow sender cannot hold connections. */
export function createTimedServer(
  fetch: Parameters<typeof createAdaptorServer>[0]['fetch'],
  options: { headersMs?: number; requestMs?: number; checkEveryMs?: number; keepAliveMs?: number } = {},
): ServerType {
  // A rater takes seconds for an answer: a connection that is closed meanwhile meets the next one half-way.
  const { headersMs = 10_000, requestMs = 30_000, checkEveryMs = 2000, keepAliveMs = 60_000 } = options;
  return createAdaptorServer({
    fetch,
    serverOptions: {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkEveryMs,
      keepAliveTimeout: keepAliveMs,
    },
  });
}

/**
 * Listens on the first free port of `ports` and returns that port; 0 means any free port. Throws when `host` is no
 * address of this machine or no port is free.
 */
export async function listen(
  server: ServerType,
  { host, ports }: { host: string; ports: readonly number[] },
): Promise<number> {
  for (const candidate of ports) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(candidate, host, () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    if (!error) return (server.address() as AddressInfo).port;
    if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
      throw badInput(`--host must be an address of this machine, got ${quote(host)}`);
    }
    if (error.code === 'EACCES') throw badInput(`--port must be one that you may use, got ${candidate}`);
    if (error.code !== 'EADDRINUSE') throw error;
  }
  if (ports.length === 1) throw new HeedError(`port ${ports[0]} is taken; choose another with --port`);
  throw new HeedError(`expected a free port among ${ports[0]} to ${ports.at(-1)}, all are taken; choose with --port`);
}

/**
 * Stops the server. Idle connections are closed at once, and connections with a running request after at most
 * `graceMs`.
 */
export async function stopServer(server: ServerType, { graceMs }: { graceMs: number }): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const closeIdle = () => 'closeIdleConnections' in server && server.closeIdleConnections();
  closeIdle();
  // A client keeps its connection open after the answer.
  const sweep = setInterval(closeIdle, SWEEP_MS);
  const forced = setTimeout(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
  }, graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(forced);
}

/** Checks `--url`, the origin at which clients reach the server, such as 'https://heed.example.org'. */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search || url.hash) {
    throw badInput(`--url must be like https://heed.example.org, got ${quote(text)}`);
  }
  return url.origin;
}
