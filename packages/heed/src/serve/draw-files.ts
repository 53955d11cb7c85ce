/** From a checked request to picture files: drawn in the queue, chosen by the reward, encoded. Knows no HTTP. */
import { randomInt } from 'node:crypto';
import type { RgbImage } from '@heed/diffusion';
import sharp from 'sharp';
import { bestOf } from '../evaluate/best-of-n.ts';
import { encodePng, formatParameters } from '../images/index.ts';
import type { ModelFile } from '../images/parameters.ts';
import type { Project } from '../project/project.ts';
import { ApiError } from './api-error.ts';
import type { Drawing, DrawingQueue } from './drawing-queue.ts';
import type { ImageModel } from './image-model.ts';
import type { ImageRequest } from './image-request.ts';

/** One picture of an answer, as a file. */
export interface DrawnFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly seed: number;
  /** What the reward says of it, where it chose. */
  readonly reward?: number;
}

interface Chosen {
  readonly image: RgbImage;
  readonly drawing: Drawing;
  readonly reward?: number;
}

/** Draws and chooses. Throws an `ApiError` where there is no room, and an AbortError when `signal` fires. */
export async function drawFiles(
  request: ImageRequest,
  {
    project,
    name,
    model,
    queue,
    signal,
  }: {
    project: Project;
    /** Of the model. */
    name: string;
    model: Pick<ImageModel, 'score' | 'modelFile'>;
    queue: DrawingQueue;
    signal: AbortSignal;
  },
): Promise<DrawnFile[]> {
  const { prompt, count, width, height, bestOf: candidates, seed = randomInt(2 ** 31) } = request;
  const drawings = Array.from({ length: count * candidates }, (_, i) => ({ prompt, seed: seed + i, width, height }));
  const images = await queue.draw(drawings, signal);
  if ('reason' in images) throw refusalOf(images);
  const drawn = images.map((image, i): Chosen => ({ image, drawing: drawings[i]! }));
  const chosen = candidates === 1 ? drawn : await choose(drawn, { request, score: model.score!, signal });
  return Promise.all(chosen.map((each) => encode(each, { request, project, name, modelFile: model.modelFile })));
}

/** The best of each `bestOf` pictures in a row. */
async function choose(
  drawn: readonly Chosen[],
  { request, score, signal }: { request: ImageRequest; score: NonNullable<ImageModel['score']>; signal: AbortSignal },
): Promise<Chosen[]> {
  const rewards = await score(
    request.prompt,
    drawn.map(({ image }) => image),
    signal,
  );
  return Array.from({ length: request.count }, (_, i) => {
    const start = i * request.bestOf;
    const [best] = bestOf(rewards.subarray(start, start + request.bestOf), 1);
    const at = start + best!;
    return { ...drawn[at]!, reward: rewards[at]! };
  });
}

async function encode(
  { image, drawing, reward }: Chosen,
  {
    request,
    project,
    name,
    modelFile,
  }: { request: ImageRequest; project: Project; name: string; modelFile: ModelFile | undefined },
): Promise<DrawnFile> {
  const about = { seed: drawing.seed, ...(reward === undefined ? {} : { reward }) };
  if (request.format === 'png') {
    const { sampler, steps, guidanceScale } = project.config.sample;
    const parameters = formatParameters({ ...drawing, model: name, sampler, steps, guidanceScale }, { modelFile });
    return { bytes: new Uint8Array(encodePng(image, { parameters })), type: 'image/png', ...about };
  }
  const { width, height, data } = image;
  const picture = sharp(data, { raw: { width, height, channels: 3 } });
  const bytes = await picture.toFormat(request.format, { quality: Math.max(1, request.quality) }).toBuffer();
  return { bytes: new Uint8Array(bytes), type: `image/${request.format}`, ...about };
}

function refusalOf({ reason, retryAfterSeconds }: { reason: 'full' | 'closed'; retryAfterSeconds: number }): ApiError {
  return reason === 'full'
    ? new ApiError({
        status: 429,
        message: 'Too many requests wait already; send again later.',
        code: 'rate_limit_exceeded',
        retryAfterSeconds,
      })
    : new ApiError({ status: 503, message: 'The server is stopping.', code: 'server_stopping', retryAfterSeconds });
}
