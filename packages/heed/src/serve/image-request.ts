/**
 * Checks the body of POST /v1/images/generations. Fields and null values follow the OpenAI API. heed adds two fields:
 * `seed` and `best_of`. Source: `ImageGenerateParams` of the openai package 6.49.
 */
import { z } from 'zod';
import { faultOfText } from '../files/read-text.ts';
import { MAX_PROMPT_LENGTH } from '../prompts/prompts-file.ts';
import { ApiError } from './api-error.ts';
import { parseSize, type SizeLimits } from './image-size.ts';

/** The largest number of pictures a request can ask for, as in the OpenAI API. */
export const MAX_IMAGES = 10;
/** The largest number of pictures generated for a request, including candidates. */
export const MAX_DRAWN = 64;
const MAX_SEED = 2 ** 32 - 1;

/** The server's limits and defaults for requests. */
export interface RequestLimits {
  readonly model: string;
  readonly size: SizeLimits;
  /** Default number of candidates for each picture. */
  readonly bestOf: number;
  /** Largest `best_of`; 1 when no reward is loaded. */
  readonly maxBestOf: number;
}

/** A valid request. */
export interface ImageRequest {
  readonly prompt: string;
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** Number of candidates among which the reward chooses each picture. */
  readonly bestOf: number;
  readonly seed: number | undefined;
  readonly answer: 'b64_json' | 'url';
  readonly format: 'png' | 'jpeg' | 'webp';
  /** Compression quality of JPEG and WebP, 0 to 100. */
  readonly quality: number;
}

const whole = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `expected ${values.join(' or ')}` });
const text = () => z.string({ error: 'expected a text' });

const bodySchema = z.strictObject({
  prompt: text(),
  model: text().nullish(),
  n: whole(1, MAX_IMAGES).nullish(),
  size: text().nullish(),
  response_format: oneOf(['b64_json', 'url']).nullish(),
  output_format: oneOf(['png', 'jpeg', 'webp']).nullish(),
  output_compression: whole(0, 100).nullish(),
  seed: whole(0, MAX_SEED).nullish(),
  best_of: whole(1, MAX_DRAWN).nullish(),
  background: oneOf(['auto', 'opaque']).nullish(),
  stream: z.literal(false, { error: 'expected false: pictures are not streamed' }).nullish(),
  partial_images: z.literal(0, { error: 'expected 0: pictures are not streamed' }).nullish(),
  // Accepted for clients written for OpenAI's models, but ignored.
  quality: oneOf(['auto', 'standard', 'hd', 'low', 'medium', 'high']).nullish(),
  style: oneOf(['vivid', 'natural']).nullish(),
  moderation: oneOf(['auto', 'low']).nullish(),
  user: text().nullish(),
});

/** Checks a parsed body; throws an `ApiError` that names the invalid field. */
export function readImageRequest(body: unknown, limits: RequestLimits): ImageRequest {
  const result = bodySchema.safeParse(body);
  if (!result.success) throw refusal(result.error.issues[0]!, body);
  const { prompt, model, n, size, response_format, output_format, output_compression, seed, best_of } = result.data;
  if (model != null && model !== limits.model) {
    const message = `The model ${JSON.stringify(model.slice(0, 100))} does not exist here: expected ${JSON.stringify(limits.model)}.`;
    throw new ApiError({ status: 404, message, param: 'model', code: 'model_not_found' });
  }
  const request: ImageRequest = {
    prompt: checkPrompt(prompt),
    count: n ?? 1,
    ...parseSize(size ?? 'auto', limits.size),
    bestOf: best_of ?? limits.bestOf,
    seed: seed ?? undefined,
    answer: response_format ?? 'b64_json',
    format: output_format ?? 'png',
    quality: output_compression ?? 100,
  };
  checkCandidates(request, limits);
  return request;
}

function checkPrompt(prompt: string): string {
  const fault = !prompt.isWellFormed()
    ? 'expected whole characters, got half of one (a lone surrogate)'
    : prompt.trim() === ''
      ? 'expected a text, got an empty one'
      : faultOfText(prompt, { maxLength: MAX_PROMPT_LENGTH });
  if (fault !== undefined) throw invalid('prompt', fault);
  return prompt.trim();
}

function checkCandidates({ count, bestOf }: ImageRequest, { maxBestOf }: RequestLimits): void {
  if (bestOf > maxBestOf) {
    const why = maxBestOf === 1 ? ', because no reward is loaded (heed serve --best-of)' : '';
    throw invalid('best_of', `expected at most ${maxBestOf}${why}, got ${bestOf}`);
  }
  if (count * bestOf > MAX_DRAWN) {
    throw invalid('best_of', `expected at most ${MAX_DRAWN} pictures in all, got n ${count} times best_of ${bestOf}`);
  }
}

function refusal(issue: z.core.$ZodIssue, body: unknown): ApiError {
  if (issue.code === 'unrecognized_keys') {
    const param = issue.keys[0]!.slice(0, 100);
    return new ApiError({ status: 400, message: `Unknown parameter: ${param}.`, param, code: 'unknown_parameter' });
  }
  const param = issue.path.join('.');
  if (param === '') return invalid(undefined, 'the body: expected a JSON object');
  const actual = (body as Record<string, unknown>)[param];
  if (actual === undefined) {
    const message = `Missing required parameter: ${param}.`;
    return new ApiError({ status: 400, message, param, code: 'missing_required_parameter' });
  }
  return invalid(param, `${issue.message}, got ${describe(actual)}`);
}

/** The error for a field whose value is not supported. */
export function invalid(param: string | undefined, what: string): ApiError {
  const message = `${param === undefined ? '' : `${param}: `}${what}.`;
  return new ApiError({ status: 400, message, param, code: param === undefined ? undefined : 'invalid_value' });
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
}
