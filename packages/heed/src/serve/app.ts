/**
 * The routes of `heed serve`: the images and models of the OpenAI API, pictures at temporary URLs, and the server's
 * health.
 */
import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { DEFECT_ANSWER, isAbort, tellError } from '../errors.ts';
import type { Project } from '../project/project.ts';
import { checkKey, checkLocalHost } from './access.ts';
import { ApiError, answerFault } from './api-error.ts';
import type { DrawingQueue } from './drawing-queue.ts';
import { generationRoutes } from './generation-routes.ts';
import type { DrawnPicture, ImageModel } from './image-model.ts';
import { createKeptImages } from './kept-images.ts';

/** Lifetime of picture URLs: an hour, as in OpenAI's API. */
const URL_TTL_MS = 60 * 60 * 1000;
const MAX_KEPT_BYTES = 256 * 2 ** 20;

/** The inputs of the routes. */
export interface ServedApp {
  readonly project: Project;
  /** Name of the served model. */
  readonly name: string;
  /** The model; undefined while it loads. */
  readonly model: () => ImageModel | undefined;
  readonly queue: DrawingQueue<DrawnPicture>;
  readonly isStopping: () => boolean;
  /** Default number of candidates for each picture. */
  readonly bestOf: number;
  /** Whether to prune candidates during denoising. */
  readonly pruned: boolean;
  readonly key?: string | undefined;
  /** Origin of picture URLs; by default the origin of the request. */
  readonly url?: string | undefined;
  /** Called with internal errors. */
  readonly onError: (error: unknown) => void;
  /** Called with a log line for each response: method, path, status, milliseconds. The line contains no prompt. */
  readonly onAnswer?: ((line: string) => void) | undefined;
}

/** The app. Every error response has the format of OpenAI's errors. */
export function createServeApp(served: ServedApp): Hono {
  const { name, queue, key, onError, onAnswer = () => {} } = served;
  const kept = createKeptImages({ ttlMs: URL_TTL_MS, maxBytes: MAX_KEPT_BYTES });
  const app = new Hono();
  app.use(async (c, next) => {
    const startedMs = performance.now();
    await next();
    c.header('X-Content-Type-Options', 'nosniff');
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
    // A picture's name grants access to it.
    const path = c.req.path.replace(/^\/images\/.*/, '/images/...');
    onAnswer(`${c.req.method} ${path} ${c.res.status} ${Math.round(performance.now() - startedMs)} ms`);
  });
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  if (key === undefined) app.use(checkLocalHost);
  else app.use('/v1/*', checkKey(key));

  app.get('/health', (c) => {
    const status = served.isStopping() ? 'stopping' : served.model() ? 'ready' : 'loading';
    return c.json({ status, queue: queue.state() }, status === 'ready' ? 200 : 503);
  });
  app.get('/images/:name', (c) => {
    const found = kept.get(c.req.param('name').replace(/\.[a-z]+$/, ''));
    if (!found) return answerFault(c, { status: 404, message: 'This picture is not there, or not any more.' });
    c.header('Cache-Control', 'private, max-age=3600, immutable');
    return c.body(found.bytes, 200, { 'Content-Type': found.type });
  });
  app.route('/v1/models', modelRoutes(name));
  app.route('/v1/images/generations', generationRoutes(served, kept));
  app.notFound((c) => answerFault(c, { status: 404, message: `Invalid URL (${c.req.method} ${c.req.path}).` }));
  app.onError((error, c) => {
    if (error instanceof ApiError) return answerFault(c, error.fault);
    if (isAbort(error)) {
      const message = 'The server is stopping.';
      return answerFault(c, { status: 503, message, code: 'server_stopping', retryAfterSeconds: 5 });
    }
    onError(error);
    // A failure's message can contain a path of this machine.
    const message = tellError(error).isDefect ? `${DEFECT_ANSWER}.` : 'That did not work; the terminal says why.';
    return answerFault(c, { status: 500, message });
  });
  return app;
}

function modelRoutes(name: string) {
  const entry = { id: name, object: 'model', created: Math.floor(Date.now() / 1000), owned_by: 'heed' } as const;
  return new Hono()
    .get('/', (c) => c.json({ object: 'list', data: [entry] }))
    .get('/:id', (c) => {
      if (c.req.param('id') === name) return c.json(entry);
      const message = 'This model does not exist here.';
      return answerFault(c, { status: 404, message, param: 'model', code: 'model_not_found' });
    });
}

function refuseMethod(c: Context, methods: readonly string[]): Response {
  c.header('Allow', methods.join(', '));
  return answerFault(c, { status: 405, message: `Not allowed to ${c.req.method} on ${c.req.path}.` });
}
