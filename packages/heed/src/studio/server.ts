/**
 * The studio's server: it opens the project, listens on the loopback address, and shuts down gracefully. Training never
 * runs in this process.
 */
import { checkUrl, createTimedServer, LOOPBACK, listen, stopServer } from '../http/timed-server.ts';
import { blockOtherDecoders } from '../images/read-picture.ts';
import type { Project } from '../project/project.ts';
import type { StaticPages } from './pages/static-pages.ts';
import { createApp } from './routes/app.ts';
import { openStudio, type Studio } from './studio.ts';

/** The default port. If this port is in use, the studio takes the next free port, among a fixed number of ports. */
const FIRST_PORT = 4180;
const PORTS_TRIED = 20;
/** Time for requests in progress at shutdown, after which they are aborted. */
const GRACE_MS = 3000;

export interface StudioServerOptions {
  readonly pages: StaticPages;
  /** Name of the image set that raters label. */
  readonly set?: string;
  /** Values of `--set` for commands started from the pages. */
  readonly overrides?: readonly string[];
  /** Port to listen on, which must be free; 0 takes any free port. */
  readonly port?: number;
  /** The address to listen on. */
  readonly host?: string;
  /** The public URL of the server behind a proxy or on a network. */
  readonly url?: string;
  /** Called with internal errors. */
  readonly onError?: (error: unknown) => void;
}

export interface StudioServer {
  readonly studio: Studio;
  /** 'http://127.0.0.1:4180' */
  readonly origin: string;
  /** A new login link for the owner, which works once. */
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
    const ports = port === undefined ? Array.from({ length: PORTS_TRIED }, (_, i) => FIRST_PORT + i) : [port];
    const bound = await listen(server, { host, ports });
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
        await stopServer(server, { graceMs: GRACE_MS });
        await studio.close();
      },
    };
  } catch (error) {
    await studio.close();
    throw error;
  }
}
