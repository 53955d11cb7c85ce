/** POST /v1/images/generations: checks the body and responds with pictures. `draw-files.ts` generates them. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError, answerFault } from './api-error.ts';
import type { ServedApp } from './app.ts';
import { type DrawnFile, drawFiles } from './draw-files.ts';
import type { ImageModel } from './image-model.ts';
import { type ImageRequest, invalid, MAX_DRAWN, readImageRequest } from './image-request.ts';
import type { KeptImages } from './kept-images.ts';

const MAX_BODY_BYTES = 64 * 1024;
const RETRY_SECONDS = 5;

export function generationRoutes(served: ServedApp, kept: KeptImages) {
  const { project, name, queue, bestOf, pruned, url } = served;
  return new Hono().post('/', limitBody, async (c) => {
    const { signal } = c.req.raw;
    const model = readyModel(served);
    const limits = { model: name, size: model.size, bestOf, maxBestOf: model.score ? MAX_DRAWN : 1 };
    const request = readImageRequest(await readBody(c), limits);
    const files = await drawFiles(request, { project, name, model, queue, pruned, signal });
    const origin = url ?? new URL(c.req.url).origin;
    return c.json({
      created: Math.floor(Date.now() / 1000),
      data: files.map((file) => shown(file, { request, origin, kept })),
      background: 'opaque',
      output_format: request.format,
      size: `${request.width}x${request.height}`,
    });
  });
}

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => {
    const message = `Expected a body of at most ${MAX_BODY_BYTES} bytes.`;
    return answerFault(c, { status: 413, message, code: 'body_too_large' });
  },
});

function readyModel({ model, isStopping }: ServedApp): ImageModel {
  const found = model();
  if (found && !isStopping()) return found;
  const [message, code] = found
    ? (['The server is stopping.', 'server_stopping'] as const)
    : (['The model is loading.', 'model_loading'] as const);
  throw new ApiError({ status: 503, message, code, retryAfterSeconds: RETRY_SECONDS });
}

async function readBody(c: Context): Promise<unknown> {
  // Requires a JSON content type. Another site's page can send plain text without a CORS preflight, but not JSON.
  if (!/^application\/json\s*(;|$)/i.test(c.req.header('Content-Type') ?? '')) {
    throw new ApiError({ status: 415, message: 'Expected the header Content-Type: application/json.' });
  }
  return c.req.json().catch(() => {
    throw invalid(undefined, 'the body: expected JSON, got something else');
  });
}

/**
 * Makes one entry of the response's `data`: OpenAI's field with the picture, and heed's additional `seed` and `reward`.
 */
function shown(
  file: DrawnFile,
  { request, origin, kept }: { request: ImageRequest; origin: string; kept: KeptImages },
): object {
  const { bytes, seed, reward } = file;
  const about = { seed, ...(reward === undefined ? {} : { reward }) };
  if (request.answer === 'url') return { url: `${origin}/images/${kept.add(file)}.${request.format}`, ...about };
  return { b64_json: Buffer.from(bytes).toString('base64'), ...about };
}
