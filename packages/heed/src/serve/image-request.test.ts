// Bodies of POST /v1/images/generations: what is taken, with which defaults, and how each fault is called.
import { describe, expect, it } from 'vitest';
import { ApiError } from './api-error.ts';
import { readImageRequest } from './image-request.ts';

const limits = { model: 'tuned', size: { width: 64, height: 64, multiple: 16 }, bestOf: 1, maxBestOf: 64 };

describe('a request', () => {
  it('is filled up with defaults, and null is as good as nothing', () => {
    const expected = {
      prompt: 'two cats',
      count: 1,
      width: 64,
      height: 64,
      bestOf: 1,
      seed: undefined,
      answer: 'b64_json',
      format: 'png',
      quality: 100,
    };
    expect(readImageRequest({ prompt: ' two cats ' }, limits)).toEqual(expected);
    const nulls = { model: null, n: null, size: null, response_format: null, seed: null, best_of: null, quality: null };
    expect(readImageRequest({ prompt: 'two cats', ...nulls }, limits)).toEqual(expected);
    expect(readImageRequest({ prompt: 'a' }, { ...limits, bestOf: 4 }).bestOf).toBe(4);
  });

  it('takes what clients of OpenAI send', () => {
    const body = {
      model: 'tuned',
      prompt: 'two\ncats 🐈',
      n: 10,
      size: '128x32',
      response_format: 'url',
      output_format: 'webp',
      output_compression: 60,
      background: 'opaque',
      moderation: 'auto',
      quality: 'hd',
      style: 'vivid',
      stream: false,
      partial_images: 0,
      user: 'ann',
      seed: 0,
      best_of: 6,
    };
    expect(readImageRequest(body, limits)).toEqual({
      prompt: 'two\ncats 🐈',
      count: 10,
      width: 128,
      height: 32,
      bestOf: 6,
      seed: 0,
      answer: 'url',
      format: 'webp',
      quality: 60,
    });
  });

  const prompt = 'a';
  it.each<[body: unknown, status: number, param: string | undefined, code: string | undefined, message: string]>([
    [[], 400, undefined, undefined, 'the body: expected a JSON object'],
    [null, 400, undefined, undefined, 'the body: expected a JSON object'],
    ['two cats', 400, undefined, undefined, 'the body: expected a JSON object'],
    [{}, 400, 'prompt', 'missing_required_parameter', 'Missing required parameter: prompt.'],
    [{ prompt: 3 }, 400, 'prompt', 'invalid_value', 'prompt: expected a text, got 3.'],
    [{ prompt: null }, 400, 'prompt', 'invalid_value', 'prompt: expected a text, got null.'],
    [{ prompt: '  ' }, 400, 'prompt', 'invalid_value', 'prompt: expected a text, got an empty one.'],
    [{ prompt: 'a'.repeat(2001) }, 400, 'prompt', 'invalid_value', 'expected at most 2000 characters, got 2001.'],
    [{ prompt: 'a\0b' }, 400, 'prompt', 'invalid_value', 'expected no control characters, got U+0000.'],
    [{ prompt: '\ud83d cat' }, 400, 'prompt', 'invalid_value', 'got half of one (a lone surrogate).'],
    [{ prompt, n: 0 }, 400, 'n', 'invalid_value', 'n: expected a whole number from 1 to 10, got 0.'],
    [{ prompt, n: 11 }, 400, 'n', 'invalid_value', 'n: expected a whole number from 1 to 10, got 11.'],
    [{ prompt, n: 1.5 }, 400, 'n', 'invalid_value', 'got 1.5.'],
    [{ prompt, n: '2' }, 400, 'n', 'invalid_value', 'got "2".'],
    [{ prompt, seed: -1 }, 400, 'seed', 'invalid_value', 'got -1.'],
    [{ prompt, seed: 2 ** 53 }, 400, 'seed', 'invalid_value', 'seed: expected a whole number from 0 to 4294967295'],
    [{ prompt, model: 'dall-e-3' }, 404, 'model', 'model_not_found', 'The model "dall-e-3" does not exist here'],
    [
      { prompt, response_format: 'b64' },
      400,
      'response_format',
      'invalid_value',
      'expected b64_json or url, got "b64".',
    ],
    [{ prompt, output_format: 'gif' }, 400, 'output_format', 'invalid_value', 'expected png or jpeg or webp'],
    [{ prompt, background: 'transparent' }, 400, 'background', 'invalid_value', 'expected auto or opaque'],
    [{ prompt, stream: true }, 400, 'stream', 'invalid_value', 'pictures are not streamed, got true.'],
    [{ prompt, partial_images: 2 }, 400, 'partial_images', 'invalid_value', 'got 2.'],
    [{ prompt, bestof: 2 }, 400, 'bestof', 'unknown_parameter', 'Unknown parameter: bestof.'],
    [{ prompt, n: 10, best_of: 7 }, 400, 'best_of', 'invalid_value', 'expected at most 64 pictures in all'],
    [{ prompt, size: {} }, 400, 'size', 'invalid_value', 'size: expected a text, got an object.'],
    [JSON.parse('{"prompt":"a","__proto__":{"n":0}}'), 400, '__proto__', 'unknown_parameter', 'Unknown parameter'],
    [{ prompt, constructor: 1 }, 400, 'constructor', 'unknown_parameter', 'Unknown parameter'],
    ...['1024x1024', '64', '64x', 'x64', '64X64', '0x0', '72x64', '64x144', '-64x64', '64x64x64', '1e2x64', ''].map(
      (size): [unknown, number, string, string, string] => [
        { prompt, size },
        400,
        'size',
        'invalid_value',
        'size: expected auto (64x64) or a size up to 128x128 whose sides are divisible by 16',
      ],
    ),
  ])('%j is refused', (body, status, param, code, message) => {
    let fault: unknown;
    try {
      readImageRequest(body, limits);
    } catch (error) {
      fault = error instanceof ApiError ? error.fault : error;
    }
    expect(fault).toMatchObject({ status, param, code, message: expect.stringContaining(message) });
  });

  it('for candidates needs a reward', () => {
    const read = () => readImageRequest({ prompt, best_of: 2 }, { ...limits, maxBestOf: 1 });
    expect(read).toThrow('best_of: expected at most 1, because no reward is loaded (heed serve --best-of), got 2.');
  });
});
