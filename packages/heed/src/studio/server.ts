/**
 * The studio as a server: opens the project, listens on the loopback address, and stops in order. Training never runs
 * in this process.
 */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { badInput, HeedError } from '../errors.ts';
import { blockOtherDecoders } from '../images/read-picture.ts';
import type { Project } from '../project/project.ts';
import { quote } from '../text/nearest.ts';
import type { StaticPages } from './pages/static-pages.ts';
import { createApp } from './routes/app.ts';
import { openStudio, type Studio } from './studio.ts';

/** Where the studio listens when nobody says where; the next free one of these many is taken. */
const FIRST_PORT = 4180;
const PORTS_TRIED = 20;
const LOOPBACK = '127.0.0.1';

export interface StudioServerOptions {
  readonly pages: StaticPages;
  /** The set whose images are labelled. */
  readonly set?: string;
  /** Those of `--set`, for the commands that are started from the pages. */
  readonly overrides?: readonly string[];
  /** A port that must be free; 0 takes any. */
  readonly port?: number;
  /** The address to listen on. */
  readonly host?: string;
  /** What browsers call the server where that is not its address: behind a proxy, on a network. */
  readonly url?: string;
  /** Told of errors inside. */
  readonly onError?: (error: unknown) => void;
}

export interface StudioServer {
  readonly studio: Studio;
  /** 'http://127.0.0.1:4180' */
  readonly origin: string;
  /** A fresh link that logs the owner in, once. */
  loginLink(): string;
  /** Finishes running requests, then closes everything. */
  close(): Promise<void>;
}

/** Opens and listens. */
export async function startStudio(project: Project, options: StudioServerOptions): Promise<StudioServer> {
  const { pages, set, overrides = [], port, host = LOOPBACK, url, onError } = options;
  blockOtherDecoders();
  const publicOrigin = url === undefined ? undefined : checkUrl(url);
  const studio = await openStudio(project, {
    overrides,
    ...(set === undefined ? {} : { set }),
    ...(onError === undefined ? {} : { onError }),
  });
  try {
    let app: ReturnType<typeof createApp> | undefined;
    const server = createTimedServer((request, env) => app!.fetch(request, env));
    const bound = await listen(server, { host, ...(port === undefined ? {} : { port }) });
    const local = [LOOPBACK, 'localhost', ...(host === LOOPBACK ? [] : [host])].map(
      (name) => `http://${name}:${bound}`,
    );
    const origins = publicOrigin === undefined ? local : [publicOrigin, ...local];
    app = createApp(studio, { origins, pages, ...(onError === undefined ? {} : { onError }) });
    const origin = origins[0]!;
    return {
      studio,
      origin,
      // Behind the '#' it reaches neither a log nor a preview of the link; the page posts it.
      loginLink: () => `${origin}/login#${studio.loginLinks.issue()}`,
      async close() {
        await stop(server);
        await studio.close();
      },
    };
  } catch (error) {
    await studio.close();
    throw error;
  }
}

/** A server that cuts requests which do not come to their end: nobody may hold connections by sending slowly. */
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

async function listen(server: ServerType, { host, port }: { host: string; port?: number }): Promise<number> {
  const tried = port === undefined ? Array.from({ length: PORTS_TRIED }, (_, i) => FIRST_PORT + i) : [port];
  for (const candidate of tried) {
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
  throw new HeedError(`expected a free port among ${tried[0]} to ${tried.at(-1)}, all are taken; choose with --port`);
}

/** Lets running requests end; connections that wait for nothing are closed. */
async function stop(server: ServerType): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  const forced = setTimeout(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
  }, 3000);
  await closed;
  clearTimeout(forced);
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search || url.hash) {
    throw badInput(`--url must be like https://heed.example.org, got ${quote(text)}`);
  }
  return url.origin;
}
