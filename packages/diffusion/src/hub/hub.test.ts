import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadModelFolder, saveModelFolder } from '../checkpoint/model-folder.ts';
import { tinyModel } from '../testing/random-model.ts';
import { type HubEnvironment, hubEnvironment } from './environment.ts';
import { fetchHubModel, findHubModel, NotCachedError } from './fetch-model.ts';
import { parseHubId } from './hub-id.ts';
import { type HubServer, startHubServer } from './testing/hub-server.ts';

const REPO = 'someone/tiny-sd';
const UNET = 'unet/diffusion_pytorch_model.safetensors';

let root: string;
let pristine: string;
let folder: string;
let server: HubServer;
let environment: HubEnvironment;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-hub-'));
  pristine = join(root, 'pristine');
  await saveModelFolder(pristine, tinyModel());
  await mkdir(join(pristine, 'safety_checker'));
  await writeFile(join(pristine, 'safety_checker/model.safetensors'), 'not asked for');
  await writeFile(join(pristine, 'v1.ckpt'), 'not asked for');
});
afterAll(() => rm(root, { recursive: true }));

beforeEach(async () => {
  folder = join(root, 'served');
  await cp(pristine, folder, { recursive: true });
  server = await startHubServer({ folder, repo: REPO });
  environment = hubEnvironment({ HF_HOME: join(root, 'home'), HF_ENDPOINT: `${server.endpoint}/` });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
  await rm(join(root, 'home'), { recursive: true, force: true });
});

const id = parseHubId(REPO)!;
const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'it was fetched',
    (error: Error) => error.message,
  );
const blobs = () => readdir(join(root, 'home/hub/models--someone--tiny-sd/blobs')).catch(() => [] as string[]);

describe('a model on the hub', () => {
  test('comes into the standard cache, whole and no more than asked for', async () => {
    const seen: number[] = [];
    let total = 0;
    const path = await fetchHubModel(id, {
      environment,
      onProgress: ({ bytesDone, bytesTotal }) => {
        seen.push(bytesDone);
        total = bytesTotal;
      },
    });
    expect(path).toBe(join(root, 'home/hub/models--someone--tiny-sd/snapshots', server.commit));
    expect((await readFile(join(path, '../../refs/main'), 'utf8')).trim()).toBe(server.commit);
    expect(await readlink(join(path, UNET))).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(await readlink(join(path, 'unet/config.json'))).toMatch(/blobs\/[0-9a-f]{40}$/);
    expect(existsSync(join(path, 'safety_checker'))).toBe(false);
    expect(existsSync(join(path, 'v1.ckpt'))).toBe(false);
    expect(seen.every((bytes, i) => i === 0 || bytes >= seen[i - 1]!)).toBe(true);
    expect(seen.at(-1)).toBe(total);
    const loaded = await loadModelFolder(path);
    expect(loaded.unet.config.cross_attention_dim).toBe(8);
  });

  test('is not fetched twice, nor asked for at all where the commit is named or the hub is off limits', async () => {
    const path = await fetchHubModel(id, { environment });
    const asked = server.requests.length;
    expect(await fetchHubModel(id, { environment })).toBe(path);
    expect(server.requests.slice(asked).filter((request) => request.includes('/resolve/'))).toEqual([]);
    const after = server.requests.length;
    const offline = hubEnvironment({ HF_HOME: join(root, 'home'), HF_HUB_OFFLINE: '1' });
    expect(await fetchHubModel(id, { environment: offline })).toBe(path);
    expect(await fetchHubModel({ ...id, revision: server.commit }, { environment })).toBe(path);
    expect(server.requests.length).toBe(after);

    await rm(join(path, UNET));
    expect(await messageOf(fetchHubModel(id, { environment: offline }))).toMatch(
      /^someone\/tiny-sd: HF_HUB_OFFLINE is set, and the cache .*: expected unet\/diffusion_pytorch_model.safetensors, got none$/,
    );
    await rm(join(root, 'home'), { recursive: true });
    expect(await messageOf(fetchHubModel(id, { environment: offline }))).toMatch(
      /HF_HUB_OFFLINE is set, and the cache .*home\/hub: expected a snapshot of the model, got none$/,
    );
  });

  test.each([
    ['no answer', { ...hubEnvironment({}), endpoint: 'http://127.0.0.1:1' }],
    ['HTTP status 503', undefined],
    ['"Repository not found" (HTTP status 404)', undefined],
  ])('comes from the cache with a note where the hub gives %s', async (what, nowhere) => {
    const path = await fetchHubModel(id, { environment });
    if (what.includes('503')) server.faults.refusal = { status: 503 };
    if (what.includes('404')) server.faults.refusal = { status: 404, body: { error: 'Repository not found' } };
    const notes: string[] = [];
    const cut = { ...environment, ...(nowhere && { endpoint: nowhere.endpoint }) };
    const options = { environment: cut, note: (text: string) => notes.push(text) };
    expect(await fetchHubModel(id, options)).toBe(path);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^someone\/tiny-sd on http.*; the model is taken from the cache as it was last fetched$/);
    if (!nowhere) expect(notes[0]).toContain(what);
    // Not where the cache holds a part of it alone.
    await rm(join(path, UNET));
    expect(await messageOf(fetchHubModel(id, options))).toMatch(
      nowhere ? /and the cache lacks the model$/ : /expected a model/,
    );
  });

  test("is refused in the hub's own words, revisions, gates and all", async () => {
    const refusedWith = async (refusal: HubServer['faults']['refusal']) => {
      server.faults.refusal = refusal;
      return (await messageOf(fetchHubModel(id, { environment }))).replace(/^.*: expected a model, got /, '');
    };
    const revision = { 'X-Error-Code': 'RevisionNotFound', 'X-Error-Message': 'Invalid rev id: v9' };
    expect(await refusedWith({ status: 404, headers: revision })).toBe(
      '"Invalid rev id: v9" (HTTP status 404); is the revision right?',
    );
    const gated = { 'X-Error-Code': 'GatedRepo', 'X-Error-Message': 'Access to model x is restricted.' };
    expect(await refusedWith({ status: 401, headers: gated })).toMatch(
      /^"Access to model x is restricted." \(HTTP status 401\); access to it must be granted, and HF_TOKEN be set/,
    );
    expect(await refusedWith({ status: 401, body: { error: 'Invalid username or password.' } })).toMatch(
      /^"Invalid username or password." \(HTTP status 401\); is the name right\?/,
    );
    expect(await refusedWith({ status: 500, body: 'x' })).toMatch(/^HTTP status 500$/);
  });

  test('comes from a server that ignores ranges, also after a cut', async () => {
    server.faults.ignoresRange = true;
    server.faults.cutAfter.set(UNET, 5000);
    const path = await fetchHubModel(id, { environment });
    expect((await readFile(join(path, UNET))).equals(await readFile(join(folder, UNET)))).toBe(true);
    expect(server.requests.filter((request) => request.includes(`/${UNET}`)).length).toBe(2);
  });

  test('comes from a server that answers with another range', async () => {
    server.faults.rangeOffset = 100;
    server.faults.cutAfter.set(UNET, 5000);
    const path = await fetchHubModel(id, { environment });
    expect((await readFile(join(path, UNET))).equals(await readFile(join(folder, UNET)))).toBe(true);
  });

  test('can be looked at without its weights', async () => {
    const path = await fetchHubModel(id, { environment, configsOnly: true });
    expect(existsSync(join(path, 'unet/config.json'))).toBe(true);
    expect(existsSync(join(path, UNET))).toBe(false);
    await expect(findHubModel(id, { environment })).rejects.toBeInstanceOf(NotCachedError);
    await loadModelFolder(await fetchHubModel(id, { environment }));
  });

  test('goes on where a transfer was cut', async () => {
    const { size } = await stat(join(folder, UNET));
    server.faults.cutAfter.set(UNET, 5000);
    await fetchHubModel(id, { environment });
    const transfers = server.requests.filter((request) => request.includes(`/${UNET}`) && !request.endsWith('=0-0'));
    expect(transfers).toHaveLength(2);
    const from = Number(/bytes=(\d+)-$/.exec(transfers[1]!)?.[1]);
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThan(size);
    expect((await blobs()).filter((name) => name.includes('incomplete'))).toEqual([]);
  });

  test('goes on after an interruption', async () => {
    const controller = new AbortController();
    const stopped = fetchHubModel(id, {
      environment,
      signal: controller.signal,
      onProgress: ({ file }) => {
        if (file === UNET) controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow(/abort/i);
    const left = (await blobs()).filter((name) => name.endsWith('.incomplete'));
    expect(left.length).toBeLessThanOrEqual(1);
    await loadModelFolder(await fetchHubModel(id, { environment }));
    expect((await blobs()).filter((name) => name.includes('incomplete'))).toEqual([]);
  });

  test.each([UNET, 'unet/config.json'])('is refused where the bytes of %s are not the announced ones', async (path) => {
    server.faults.wrong.add(path);
    const message = await messageOf(fetchHubModel(id, { environment }));
    expect(message).toMatch(
      /^someone\/tiny-sd\/unet\/.* on http:.*: expected (SHA-256|git blob) ([0-9a-f]+), got [0-9a-f]+; the file was deleted$/,
    );
    expect((await blobs()).some((name) => message.includes(`expected SHA-256 ${name}`))).toBe(false);
    expect((await blobs()).filter((name) => name.includes('incomplete'))).toEqual([]);
  });

  test('of another family is refused before its weights are fetched', async () => {
    const index = join(folder, 'model_index.json');
    await writeFile(
      index,
      (await readFile(index, 'utf8')).replace('StableDiffusionPipeline', 'StableDiffusionXLPipeline'),
    );
    expect(await messageOf(fetchHubModel(id, { environment }))).toMatch(/model_index.json: .*Stable Diffusion XL/);
    expect(server.requests.filter((request) => request.includes('.safetensors'))).toEqual([]);
  });

  test("without safetensors comes as PyTorch's files, where it has these", async () => {
    const bin = 'unet/diffusion_pytorch_model.bin';
    await rename(join(folder, UNET), join(folder, bin));
    await writeFile(join(folder, 'unet/diffusion_pytorch_model.msgpack'), 'flax');
    const path = await fetchHubModel(id, { environment });
    expect((await readdir(join(path, 'unet'))).sort()).toEqual(['config.json', 'diffusion_pytorch_model.bin']);
    expect((await readFile(join(path, bin))).equals(await readFile(join(folder, bin)))).toBe(true);
    await rm(join(root, 'home'), { recursive: true });
    await rm(join(folder, bin));
    expect(await messageOf(fetchHubModel(id, { environment }))).toMatch(
      /expected unet\/diffusion_pytorch_model.safetensors, got unet\/diffusion_pytorch_model.msgpack alone$/,
    );
  });

  test('comes with all files that its weights are split over', async () => {
    const shard = (number: number, variant = '') =>
      `unet/diffusion_pytorch_model${variant}-0000${number}-of-00002.safetensors`;
    const index = 'unet/diffusion_pytorch_model.safetensors.index.json';
    await rename(join(folder, UNET), join(folder, shard(1)));
    for (const path of [shard(2), shard(1, '.fp16'), index.replace('.json', '.fp16.json'), index])
      await writeFile(join(folder, path), path);
    const path = await fetchHubModel(id, { environment });
    const there = await readdir(join(path, 'unet'));
    expect(there.sort()).toEqual(
      ['config.json', ...[index, shard(1), shard(2)].map((one) => one.slice('unet/'.length))].sort(),
    );
  });

  test('can be one file', async () => {
    await writeFile(join(folder, 'v1.safetensors'), Buffer.alloc(20_000, 7));
    await rm(join(folder, 'model_index.json'));
    expect(await messageOf(fetchHubModel(id, { environment }))).toMatch(/named with its file: .*v1\.safetensors\)$/);
    const path = await fetchHubModel(parseHubId(`${REPO}/v1.safetensors`)!, { environment });
    expect((await readFile(path)).length).toBe(20_000);
    await rename(join(folder, 'v1.safetensors'), join(folder, 'v1-5.ckpt'));
    expect(await messageOf(fetchHubModel(id, { environment }))).toMatch(/named with its file: .*\.ckpt\)$/);
    const old = await fetchHubModel(parseHubId(`${REPO}/v1-5.ckpt`)!, { environment });
    expect((await readFile(old)).length).toBe(20_000);
  });

  test('that is private needs a token', async () => {
    server.faults.token = 'any-secret'; // a mirror's own need not begin with hf_
    expect(await messageOf(fetchHubModel(id, { environment }))).toMatch(
      /^someone\/tiny-sd on http:\S+: expected a model, got "Invalid credentials in Authorization header" \(HTTP status 401\); is the name right\? A private model needs HF_TOKEN$/,
    );
    await mkdir(join(root, 'home'), { recursive: true });
    await writeFile(join(root, 'home/token'), 'any-secret\n');
    const withToken = hubEnvironment({ HF_HOME: join(root, 'home'), HF_ENDPOINT: server.endpoint });
    await fetchHubModel(id, { environment: withToken });
  });

  test('that is not there, or a hub that is not, is one sentence', async () => {
    expect(await messageOf(fetchHubModel(parseHubId('someone/else')!, { environment }))).toBe(
      `someone/else on ${server.endpoint}: expected a model, got "Repository not found" (HTTP status 404); is the name right? A private model needs HF_TOKEN`,
    );
    const nowhere = { ...environment, endpoint: 'http://127.0.0.1:1' };
    expect(await messageOf(fetchHubModel(id, { environment: nowhere }))).toMatch(
      /^someone\/tiny-sd on http:\/\/127.0.0.1:1: expected an answer, got .*, and the cache lacks the model$/,
    );
  });
});

test('the environment is read in the documented order', () => {
  expect(hubEnvironment({ HF_HUB_CACHE: '/c', HF_HOME: '/h', HF_TOKEN: 'a' })).toMatchObject({
    cacheFolder: '/c',
    token: 'a',
  });
  expect(hubEnvironment({ HF_HOME: '/h' }).cacheFolder).toBe('/h/hub');
  expect(hubEnvironment({ XDG_CACHE_HOME: '/x' }).cacheFolder).toBe('/x/huggingface/hub');
  expect(hubEnvironment({}).cacheFolder).toMatch(/\.cache\/huggingface\/hub$/);
  expect(hubEnvironment({})).toMatchObject({ endpoint: 'https://huggingface.co', offline: false });
  for (const [value, offline] of [
    ['1', true],
    ['true', true],
    ['0', false],
    ['', false],
  ] as const) {
    expect(hubEnvironment({ HF_HUB_OFFLINE: value }).offline).toBe(offline);
  }
});

test.each([
  ['org/name', { repo: 'org/name', revision: 'main', file: undefined }],
  ['org/name@v1.0', { repo: 'org/name', revision: 'v1.0', file: undefined }],
  ['org/name/a/b.safetensors@main', { repo: 'org/name', revision: 'main', file: 'a/b.safetensors' }],
  ['./org/name', undefined],
  ['/org/name', undefined],
  ['../name', undefined],
  ['org/../name', undefined],
  ['models/sd/unet', undefined],
  ['name', undefined],
  ['org/na me', undefined],
  ['org/name@../x', undefined],
  ['C:\\models\\sd', undefined],
])('hub id %s', (text, expected) => expect(parseHubId(text)).toEqual(expected));
