/** `heed serve` as a server: listens at once, loads the model, and stops in order. */
import { HeedError } from '../errors.ts';
import { createTimedServer, LOOPBACK, listen, stopServer } from '../http/timed-server.ts';
import { modelFolder, type Project } from '../project/index.ts';
import { readKey } from './access.ts';
import { createServeApp } from './app.ts';
import { createDrawingQueue } from './drawing-queue.ts';
import { type ImageModel, openImageModel } from './image-model.ts';

export interface ServeOptions {
  /** The name of the model. */
  readonly model: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly host?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The origin by which clients reach the server, where a proxy stands before it. */
  readonly url?: string | undefined;
  /** The name of the reward that chooses; none is loaded without it. */
  readonly reward?: string | undefined;
  /** Candidates a picture where a request says nothing. */
  readonly bestOf: number;
  /** Leave most candidates out while they are denoised, for half the cost. */
  readonly pruned: boolean;
  /** Requests that may wait. */
  readonly queue: number;
  /** How long requests under way may take when the server stops. */
  readonly graceMs: number;
  readonly onError: (error: unknown) => void;
  readonly onAnswer?: ((line: string) => void) | undefined;
}

export interface ImageServer {
  /** 'http://127.0.0.1:8190' */
  readonly origin: string;
  /** Resolves when pictures can be drawn; rejects where the model does not load. */
  readonly ready: Promise<void>;
  /** Takes no requests any more, finishes those under way within the time for that, and closes everything. */
  close(): Promise<void>;
}

/** Checks what it is asked for, listens, and begins to load the model. */
export async function startImageServer(project: Project, options: ServeOptions): Promise<ImageServer> {
  const { model: name, host = LOOPBACK, port, graceMs, reward } = options;
  // Refused before the port is taken: a name that is not there, a missing key.
  await modelFolder(project, name);
  const key = await readKey({ keyFile: options.keyFile, host });
  const stopping = new AbortController();
  let model: ImageModel | undefined;
  const queue = createDrawingQueue({
    draw: (batch, signal) => loaded(model).draw(batch, signal),
    batchSize: (size) => loaded(model).batchSize(size),
    limit: options.queue,
  });
  const app = createServeApp({
    ...options,
    project,
    name,
    key,
    queue,
    model: () => model,
    isStopping: () => stopping.signal.aborted,
  });
  const server = createTimedServer(app.fetch);
  const bound = await listen(server, { host, ports: [port] });
  const loading = openImageModel(project, { name, reward, signal: stopping.signal }).then((opened) => {
    model = opened;
  });
  // `ready` rejects, too; without a listener here a failure would end the process.
  loading.catch(() => {});
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    ready: loading,
    async close() {
      stopping.abort();
      const closed = stopServer(server, { graceMs: graceMs + 2000 });
      await queue.close({ graceMs });
      await closed;
      await loading.catch(() => {});
      await model?.dispose();
    },
  };
}

function loaded(model: ImageModel | undefined): ImageModel {
  if (!model) throw new HeedError('expected a model that is loaded, it is loading');
  return model;
}
