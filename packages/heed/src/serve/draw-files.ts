/**
 * Turns a checked request into picture files: generates through the queue, chooses by reward, encodes. Independent of
 * HTTP.
 */
import { randomInt } from 'node:crypto';
import sharp from 'sharp';
import { bestOf } from '../evaluate/best-of-n.ts';
import { encodePng, formatParameters } from '../images/index.ts';
import type { ModelFile } from '../images/parameters.ts';
import type { Project } from '../project/project.ts';
import { ApiError } from './api-error.ts';
import type { DrawingQueue } from './drawing-queue.ts';
import type { DrawnPicture, ImageModel } from './image-model.ts';
import type { ImageRequest } from './image-request.ts';

/** One picture of a response, as an encoded file. */
export interface DrawnFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly seed: number;
  /** The picture's reward; present if the picture was chosen by its reward. */
  readonly reward?: number;
}

/**
 * Generates and chooses pictures. With `pruned`, the reward prunes candidates during generation. Throws an `ApiError`
 * when the queue is full, and an AbortError when `signal` fires.
 */
export async function drawFiles(
  request: ImageRequest,
  {
    project,
    name,
    model,
    queue,
    pruned,
    signal,
  }: {
    project: Project;
    /** Name of the model. */
    name: string;
    model: Pick<ImageModel, 'score' | 'modelFile'>;
    queue: DrawingQueue<DrawnPicture>;
    /** Whether to prune candidates during denoising. */
    pruned: boolean;
    signal: AbortSignal;
  },
): Promise<DrawnFile[]> {
  const { prompt, count, width, height, bestOf: candidates, seed = randomInt(2 ** 31) } = request;
  const isPruned = pruned && candidates > 1;
  const drawings = Array.from({ length: isPruned ? count : count * candidates }, (_, i) => ({
    prompt,
    seed: seed + i * (isPruned ? candidates : 1),
    width,
    height,
    ...(isPruned ? { candidates } : {}),
  }));
  const drawn = await queue.draw(drawings, signal);
  if ('reason' in drawn) throw refusalOf(drawn);
  const chosen = isPruned || candidates === 1 ? drawn : await choose(drawn, { request, score: model.score!, signal });
  return Promise.all(chosen.map((each) => encode(each, { request, project, name, modelFile: model.modelFile })));
}

/** Chooses the best of each `bestOf` consecutive pictures. */
async function choose(
  drawn: readonly DrawnPicture[],
  { request, score, signal }: { request: ImageRequest; score: NonNullable<ImageModel['score']>; signal: AbortSignal },
): Promise<DrawnPicture[]> {
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
  { image, seed, reward }: DrawnPicture,
  {
    request,
    project,
    name,
    modelFile,
  }: { request: ImageRequest; project: Project; name: string; modelFile: ModelFile | undefined },
): Promise<DrawnFile> {
  const about = { seed, ...(reward === undefined ? {} : { reward }) };
  if (request.format === 'png') {
    const { sampler, steps, guidanceScale } = project.config.sample;
    const parameters = formatParameters(
      {
        prompt: request.prompt,
        seed,
        width: image.width,
        height: image.height,
        model: name,
        sampler,
        steps,
        guidanceScale,
      },
      { modelFile },
    );
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
