/** The server of `heed serve`: it listens at once, loads the model in the background, and shuts down gracefully. */
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
  /** Port to listen on; 0 means any free port. */
  readonly port: number;
  readonly host?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The public origin of the server, if it is behind a proxy. */
  readonly url?: string | undefined;
  /** Name of the reward that chooses among candidates; without a name no reward is loaded. */
  readonly reward?: string | undefined;
  /** Default number of candidates for each picture. */
  readonly bestOf: number;
  /** Whether to prune candidates during denoising, at half the cost. */
  readonly pruned: boolean;
  /** Largest number of waiting requests. */
  readonly queue: number;
  /** How long requests in progress may still run when the server stops. */
  readonly graceMs: number;
  readonly onError: (error: unknown) => void;
  readonly onAnswer?: ((line: string) => void) | undefined;
}

export interface ImageServer {
  /** 'http://127.0.0.1:8190' */
  readonly origin: string;
  /** Resolves when the model is loaded; rejects when loading fails. */
  readonly ready: Promise<void>;
  /** Refuses new requests, finishes those in progress within `graceMs`, and closes everything. */
  close(): Promise<void>;
}

/** Checks the options, listens, and starts to load the model. */
export async function startImageServer(project: Project, options: ServeOptions): Promise<ImageServer> {
  const { model: name, host = LOOPBACK, port, graceMs, reward } = options;
  // A missing model or key is refused before the port is opened.
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
  // `ready` rejects too; without a listener here, a failure would end the process.
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
