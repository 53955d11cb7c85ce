// `heed serve` as programs meet it: the real openai client against a real server with the tiny model.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPipeline } from '@heed/diffusion';
import { createRandom, initializeParameters } from '@heed/diffusion/autodiff';
import OpenAI from 'openai';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '../images/index.ts';
import { baseModelFolder, clipFolder, initProject, type Project } from '../project/index.ts';
import { clipHashOf } from '../reward/clip-hash.ts';
import { rewardParameterSpecs, saveRewardModel } from '../reward/reward-model.ts';
import { openRewardScorer, rewardFolder } from '../reward/scorer.ts';
import { type ImageServer, type ServeOptions, startImageServer } from './server.ts';

const KEY = 'a-key-of-letters-and-signs_123';
/** What heed adds to an entry of `data`. */
type HeedImage = OpenAI.Image & { readonly seed: number; readonly reward?: number };

let folder: string;
let project: Project;
let server: ImageServer;
let client: OpenAI;
const told: unknown[] = [];

const options: ServeOptions = {
  model: 'base',
  port: 0,
  bestOf: 1,
  pruned: false,
  queue: 16,
  graceMs: 60_000,
  onError: (error) => told.push(error),
};
/** Of another server, or without a key. */
const clientOf = ({ origin }: ImageServer, apiKey = 'none', maxRetries = 0) =>
  new OpenAI({ baseURL: `${origin}/v1`, apiKey, maxRetries });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-serve-'));
  project = await initProject(join(folder, 'p'), { overrides: ['sample.steps=3'] });
  const architecture = { projectionDim: 64, hiddenSize: 8 };
  const clip = await clipFolder(project);
  const clipHash = await clipHashOf(clip);
  const { config } = await import('@heed/diffusion').then(({ loadClip }) => loadClip(clip));
  architecture.projectionDim = config.projection_dim;
  const parameters = initializeParameters(rewardParameterSpecs(architecture), createRandom(7));
  await saveRewardModel(
    rewardFolder(project, 'default'),
    { architecture, members: [parameters] },
    { clipHash, training: {} },
  );
  await writeFile(join(folder, 'key'), `${KEY}\n`);
  server = await startImageServer(project, { ...options, reward: 'default', keyFile: join(folder, 'key') });
  await server.ready;
  client = clientOf(server, KEY);
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

const bytesOf = (image: OpenAI.Image | undefined) => Buffer.from(image!.b64_json!, 'base64');
const draw = async (body: Omit<OpenAI.ImageGenerateParamsNonStreaming, 'prompt'> & Record<string, unknown>) => {
  const answer = await client.images.generate({ prompt: 'two cats', ...body });
  return answer.data as HeedImage[];
};
/** A request as it goes over the wire, for what no client sends. */
const raw = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`${server.origin}${path}`, {
    ...init,
    headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json', ...init.headers },
  });

describe('the openai client', () => {
  it('draws pictures, the ones that heed itself draws', async () => {
    const answer = await client.images.generate({ model: 'base', prompt: 'two cats', n: 2, seed: 5 } as never);
    expect(Math.abs(answer.created - Date.now() / 1000)).toBeLessThan(60);
    expect(answer).toMatchObject({ size: '64x64', output_format: 'png', background: 'opaque' });
    expect((answer.data as HeedImage[]).map(({ seed }) => seed)).toEqual([5, 6]);
    const { sampler, steps, guidanceScale } = project.config.sample;
    await using pipeline = await loadPipeline(await baseModelFolder(project));
    const own = await pipeline.generate({
      prompts: ['two cats', 'two cats'],
      seeds: [5, 6],
      sampler,
      steps,
      guidanceScale,
    });
    answer.data!.forEach((image, i) => {
      const { width, height, data, parameters } = decodePng(bytesOf(image));
      expect({ width, height, data }).toEqual(own[i]);
      expect(parameters).toContain(`Seed: ${5 + i}`);
    });
  });

  it('gets the same picture for a seed, alone or among others, and another without one', async () => {
    const alone = await draw({ seed: 11 });
    const among = await Promise.all([draw({ n: 3 }), draw({ seed: 11 }), draw({ n: 2, size: '32x64' })]);
    expect(bytesOf(among[1][0])).toEqual(bytesOf(alone[0]));
    expect(new Set(among[0].map((image) => bytesOf(image).toString('hex'))).size).toBe(3);
  });

  it.each([
    [{ size: '32x96' }, { width: 32, height: 96, format: 'png' }],
    [
      { size: 'auto', output_format: 'jpeg' as const },
      { width: 64, height: 64, format: 'jpeg' },
    ],
    [
      { output_format: 'webp' as const, output_compression: 50 },
      { width: 64, height: 64, format: 'webp' },
    ],
  ])('asks for %j', async (body, expected) => {
    expect(await sharp(bytesOf((await draw(body))[0])).metadata()).toMatchObject(expected);
  });

  it('gets addresses, which need no key', async () => {
    const [image] = await draw({ response_format: 'url', seed: 11 });
    expect(image).not.toHaveProperty('b64_json');
    expect(image!.url).toMatch(new RegExp(`^${server.origin}/images/[0-9a-f]{32}\\.png$`));
    const response = await fetch(image!.url!);
    expect(response.headers.get('Content-Type')).toBe('image/png');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytesOf((await draw({ seed: 11 }))[0]));
  });

  it('lets the reward choose the best of several', async () => {
    const chosen = await draw({ n: 2, best_of: 3, seed: 20 });
    const all = await draw({ n: 6, seed: 20 });
    const scorer = await openRewardScorer(project, 'default');
    const images = all.map((image, i) => ({ id: `${i}`, prompt: 'two cats', image: decodePng(bytesOf(image)) }));
    const rewards = [...(await scorer.score(images, async (id) => images[Number(id)]!.image))];
    await scorer.close();
    expect(new Set(rewards).size).toBe(6);
    chosen.forEach((image, i) => {
      const candidates = rewards.slice(3 * i, 3 * i + 3);
      expect(image.reward).toBeCloseTo(Math.max(...candidates), 5);
      const best = 3 * i + candidates.indexOf(Math.max(...candidates));
      expect(image.seed).toBe(20 + best);
      expect(bytesOf(image)).toEqual(bytesOf(all[best]));
    });
  });

  it('lets the reward prune while it draws, apart from other requests', { timeout: 60_000 }, async () => {
    const own = await startImageServer(project, { ...options, reward: 'default', bestOf: 8, pruned: true });
    await own.ready;
    const ask = async (body: object) =>
      (await clientOf(own).images.generate({ prompt: 'two cats', ...body } as never)).data as HeedImage[];
    const [pruned, plain, small] = await Promise.all([
      ask({ n: 2, seed: 20 }),
      ask({ seed: 3, best_of: 1 }),
      ask({ seed: 20, size: '32x64' }),
    ]);
    expect(await ask({ n: 2, seed: 20 })).toEqual(pruned);
    await own.close();
    expect(bytesOf(plain[0])).toEqual(bytesOf((await draw({ seed: 3 }))[0]));
    expect(plain[0]).not.toHaveProperty('reward');
    expect(await sharp(bytesOf(small[0])).metadata()).toMatchObject({ width: 32, height: 64 });
    // Each comes from its own eight seeds, and is the picture of that seed but for rounding.
    const all = await Promise.all([draw({ n: 8, seed: 20 }), draw({ n: 8, seed: 28 })]);
    const scorer = await openRewardScorer(project, 'default');
    for (const [i, { seed, reward, ...image }] of pruned.entries()) {
      const same = all[i]!.find((other) => other.seed === seed)!;
      const [found, whole] = [decodePng(bytesOf(image)), decodePng(bytesOf(same))];
      expect(Math.max(...found.data.map((value, at) => Math.abs(value - whole.data[at]!)))).toBeLessThanOrEqual(1);
      expect(found.parameters).toContain(`Seed: ${seed}`);
      expect(reward).toBeCloseTo((await scorer.scorePictures('two cats', [found]))[0]!, 4);
    }
    await scorer.close();
  });

  it('lists the model', async () => {
    const { data: models } = await client.models.list();
    expect(models).toEqual([{ id: 'base', object: 'model', created: expect.any(Number), owned_by: 'heed' }]);
    expect(await client.models.retrieve('base')).toEqual(models[0]);
    await expect(client.models.retrieve('gpt-4')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('gets its own classes of errors, with field and code', async () => {
    await expect(draw({ size: '1024x1024' })).rejects.toThrow(OpenAI.BadRequestError);
    await expect(draw({ size: '1024x1024' })).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      param: 'size',
      code: 'invalid_value',
      message: expect.stringContaining('size: expected auto (64x64)'),
    });
    await expect(draw({ model: 'dall-e-2' })).rejects.toThrow(OpenAI.NotFoundError);
    const stranger = clientOf(server, 'sk-1234567890123456');
    await expect(stranger.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(client.images.generate({ prompt: 'a', stream: true })).rejects.toMatchObject({ param: 'stream' });
  });
});

describe('every refusal has the shape of OpenAI', () => {
  const json = JSON.stringify({ prompt: 'two cats' });
  const path = '/v1/images/generations';
  it.each<[what: string, status: number, send: () => Promise<Response>, code?: string]>([
    ['another path', 404, () => raw('/v1/chat/completions', { method: 'POST', body: json })],
    ['the root', 404, () => raw('/')],
    ['another method', 405, () => raw(path)],
    ['DELETE of a model', 405, () => raw('/v1/models/base', { method: 'DELETE' })],
    ['no key', 401, () => raw(path, { method: 'POST', body: json, headers: { Authorization: '' } }), 'invalid_api_key'],
    [
      'no key for an unknown path',
      401,
      () => raw('/v1/nothing', { headers: { Authorization: 'Basic x' } }),
      'invalid_api_key',
    ],
    ['no JSON', 400, () => raw(path, { method: 'POST', body: '{"prompt":' })],
    ['no body', 400, () => raw(path, { method: 'POST' })],
    ['a text', 415, () => raw(path, { method: 'POST', body: json, headers: { 'Content-Type': 'text/plain' } })],
    [
      'a long body',
      413,
      () => raw(path, { method: 'POST', body: JSON.stringify({ prompt: 'a'.repeat(70_000) }) }),
      'body_too_large',
    ],
    ['a picture that is not there', 404, () => raw('/images/00000000000000000000000000000000.png')],
  ])('%s', async (_, status, send, code) => {
    const response = await send();
    expect(response.status).toBe(status);
    const { error, ...rest } = (await response.json()) as { error: Record<string, unknown> };
    expect(rest).toEqual({});
    expect(error).toEqual({
      message: expect.any(String),
      type: 'invalid_request_error',
      param: null,
      code: code ?? null,
    });
    if (status === 405) expect(response.headers.get('Allow')).toBeTruthy();
  });

  it('a body without a length', async () => {
    const status = await new Promise((resolve) => {
      const sending = httpRequest(`${server.origin}${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' },
      });
      sending.on('response', (response) => resolve(response.statusCode));
      sending.on('error', () => {});
      for (let i = 0; i < 20; i++) sending.write(' '.repeat(10_000));
      sending.end();
    });
    expect(status).toBe(413);
  });
});

describe('who may use it', () => {
  it('is asked for a key on every host but this machine, before anything is loaded', async () => {
    const open = (more: Partial<ServeOptions>) => startImageServer(project, { ...options, ...more });
    await expect(open({ host: '0.0.0.0' })).rejects.toThrow(
      '--host 0.0.0.0 opens the server to others: expected a key in HEED_API_KEY or --key-file, got none',
    );
    await writeFile(join(folder, 'short'), 'hunter2\n');
    const refusal = open({ host: '0.0.0.0', keyFile: join(folder, 'short') });
    await expect(refusal).rejects.toThrow(/short: expected a key of 16 to 1000 .* got something else$/);
    await expect(refusal).rejects.not.toThrow('hunter2');
    await expect(open({ keyFile: join(folder, 'none') })).rejects.toThrow('--key-file must be a file with a key');
    await expect(open({ model: 'bass' })).rejects.toThrow("model must be one of base, there is no 'bass'");
  });

  it('takes the key of the environment', async () => {
    process.env.HEED_API_KEY = 'another-key-of-letters';
    const other = await startImageServer(project, { ...options, host: '0.0.0.0' });
    try {
      const at = `http://127.0.0.1:${new URL(other.origin).port}`;
      const statusOf = async (key: string) =>
        (await fetch(`${at}/v1/models`, { headers: { Authorization: `Bearer ${key}` } })).status;
      expect([await statusOf(KEY), await statusOf('another-key-of-letters')]).toEqual([401, 200]);
      expect((await fetch(`${at}/health`)).status).toBeOneOf([200, 503]);
    } finally {
      delete process.env.HEED_API_KEY;
      await other.close();
    }
  });

  it('needs none on this machine, but no foreign name may lead there', async () => {
    const other = await startImageServer(project, options);
    try {
      expect((await fetch(`${other.origin}/v1/models`)).status).toBe(200);
      const { port } = new URL(other.origin);
      const statusOf = (host: string) =>
        new Promise((resolve, reject) => {
          const sending = httpRequest({ port, host: '127.0.0.1', path: '/v1/models', headers: { Host: host } });
          sending.on('response', (response) => resolve(response.resume().statusCode));
          sending.on('error', reject);
          sending.end();
        });
      expect(await Promise.all([`localhost:${port}`, `127.0.0.1:${port}`, '[::1]:1'].map(statusOf))).toEqual([
        200, 200, 200,
      ]);
      expect(await Promise.all(['evil.example', '127.evil.example', 'localhost.evil.example'].map(statusOf))).toEqual([
        403, 403, 403,
      ]);
    } finally {
      await other.close();
    }
  });
});

describe('a busy server', () => {
  let busy: ImageServer;
  beforeAll(async () => {
    busy = await startImageServer(project, { ...options, queue: 1 });
  });
  afterAll(() => busy?.close());
  const stateOf = async () =>
    (await (await fetch(`${busy.origin}/health`)).json()) as { status: string; queue: object };

  it('says that it loads, and clients that wait get their pictures', async () => {
    expect(await stateOf()).toEqual({ status: 'loading', queue: { waiting: 0, drawing: 0, limit: 1 } });
    const early = clientOf(busy).images.generate({ prompt: 'a' });
    await expect(early).rejects.toMatchObject({ status: 503, type: 'server_error', code: 'model_loading' });
    await expect(early).rejects.toThrow(OpenAI.InternalServerError);
    await busy.ready;
    expect((await stateOf()).status).toBe('ready');
  });

  it('answers 429 beyond its queue, and stops drawing for clients that leave', async () => {
    const leaving = new AbortController();
    const large = { prompt: 'a', n: 10, size: '128x128' as never };
    const slow = clientOf(busy).images.generate(large, { signal: leaving.signal });
    const gone = expect(slow).rejects.toThrow(OpenAI.APIUserAbortError);
    await expect.poll(stateOf).toMatchObject({ queue: { drawing: 1, waiting: 0 } });
    const waiting = clientOf(busy).images.generate(large, { signal: leaving.signal });
    const goneToo = expect(waiting).rejects.toThrow(OpenAI.APIUserAbortError);
    await expect.poll(stateOf).toMatchObject({ queue: { drawing: 1, waiting: 1 } });

    const refused = clientOf(busy).images.generate({ prompt: 'a' });
    await expect(refused).rejects.toThrow(OpenAI.RateLimitError);
    await expect(refused).rejects.toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
    const { headers } = (await refused.catch((error: unknown) => error)) as InstanceType<typeof OpenAI.APIError>;
    expect(Number(headers!.get('Retry-After'))).toBeGreaterThanOrEqual(1);

    leaving.abort();
    await Promise.all([gone, goneToo]);
    await expect.poll(stateOf).toMatchObject({ queue: { drawing: 0, waiting: 0 } });
    // A client that sends again, as the library does by itself, is served.
    expect((await clientOf(busy, 'none', 2).images.generate({ prompt: 'a' })).data).toHaveLength(1);
  });

  it('finishes what it draws when it is stopped, and takes nothing more', async () => {
    const last = clientOf(busy).images.generate({ prompt: 'a', n: 2 });
    await expect.poll(stateOf).toMatchObject({ queue: { drawing: 1 } });
    const closed = busy.close();
    await expect(fetch(`${busy.origin}/health`)).rejects.toThrow();
    expect((await last).data).toHaveLength(2);
    await closed;
  });

  it('stops what would take too long, and says so', async () => {
    const hasty = await startImageServer(project, { ...options, graceMs: 0 });
    await hasty.ready;
    const last = clientOf(hasty).images.generate({ prompt: 'a', n: 10, size: '128x128' as never });
    const stopped = expect(last).rejects.toMatchObject({ status: 503, code: 'server_stopping' });
    await expect
      .poll(async () => (await fetch(`${hasty.origin}/health`)).json())
      .toMatchObject({ queue: { drawing: 1 } });
    await hasty.close();
    await stopped;
  });
});

it('tells nothing of a failure inside', async () => {
  const { createServeApp } = await import('./app.ts');
  const failures = [
    [
      new TypeError('cannot read root:x:0:0'),
      'that did not work, because of a defect of heed; its terminal shows where.',
    ],
    [
      Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', path: '/home/ann' }),
      'That did not work; the terminal says why.',
    ],
  ] as const;
  for (const [thrown, message] of failures) {
    const seen: unknown[] = [];
    const app = createServeApp({
      project,
      name: 'base',
      bestOf: 1,
      pruned: false,
      isStopping: () => false,
      onError: (error) => seen.push(error),
      model: () => ({
        size: { width: 64, height: 64, multiple: 16 },
        modelFile: undefined,
        batchSize: () => 1,
        draw: () => Promise.reject(thrown),
        dispose: async () => {},
      }),
      queue: {
        draw: () => Promise.reject(thrown),
        state: () => ({ waiting: 0, drawing: 0, limit: 1 }),
        close: async () => {},
      },
    });
    const response = await app.request('http://localhost/v1/images/generations', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Host: 'localhost' },
      body: '{"prompt":"a"}',
    });
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 500,
      body: { error: { message, type: 'server_error', param: null, code: null } },
    });
    expect(seen).toEqual([thrown]);
  }
});
