// `heed serve` as a process: what it says, how it ends, and that a stop costs no client its pictures.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { initProject } from '../project/index.ts';

const HEED = fileURLToPath(new URL('../../bin/heed.mjs', import.meta.url));
let folder: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-serve-process-'));
  await initProject(folder, { overrides: ['sample.steps=3'] });
});
afterEach(() => {
  child?.kill('SIGKILL');
});
afterAll(() => rm(folder, { recursive: true }));

function start(...args: string[]) {
  const started = spawn(process.execPath, [HEED, 'serve', '--project', folder, '--json', ...args]);
  child = started;
  const said = { out: '', err: '' };
  started.stdout.on('data', (text) => (said.out += text));
  started.stderr.on('data', (text) => (said.err += text));
  const ended = once(started, 'close').then(([code, signal]: unknown[]) => ({ code, signal }));
  return { said, ended, stop: (signal: NodeJS.Signals) => started.kill(signal) };
}

/** The object with an error among the lines of stderr. */
const errorIn = (stderr: string) =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { error?: string })
    .find(({ error }) => error !== undefined);

describe('heed serve', () => {
  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('finishes what it draws at %s and ends with 0', async (signal) => {
    const { said, ended, stop } = start('--port', '0');
    await expect.poll(() => said.out).toContain('"url"');
    const { url, model } = JSON.parse(said.out.split('\n')[0]!) as { url: string; model: string };
    expect(model).toBe('base');
    const client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 });
    const drawing = client.images.generate({ prompt: 'two cats', n: 4 });
    await expect
      .poll(async () => (await fetch(url.replace('/v1', '/health'))).json())
      .toMatchObject({ queue: { drawing: 1 } });
    stop(signal);
    expect((await drawing).data).toHaveLength(4);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(said.err).toContain('POST /v1/images/generations 200');
    expect(said.err).not.toContain('two cats');
  });

  it('ends with 2 at what is not to be met, before it listens', async () => {
    for (const [args, message] of [
      [['--model', 'tuned'], "model must be one of base, there is no 'tuned'"],
      [['--host', '0.0.0.0', '--port', '0'], 'expected a key in HEED_API_KEY or --key-file, got none'],
      [['--best-of', '65'], '--best-of must be a whole number from 1 to 64, got 65'],
      [['--url', 'ftp://x', '--port', '0'], '--url must be like https://heed.example.org'],
    ] as const) {
      const { said, ended } = start(...args);
      expect(await ended).toEqual({ code: 2, signal: null });
      expect(errorIn(said.err)).toMatchObject({ error: expect.stringContaining(message), exitCode: 2 });
      expect(said.out).toBe('');
    }
  });

  it('ends with the reason where the model or the reward does not load', async () => {
    const { said, ended } = start('--port', '0', '--best-of', '4');
    expect(await ended).toEqual({ code: 2, signal: null });
    expect(errorIn(said.err)).toMatchObject({
      error: expect.stringContaining('has "heed reward" been run?'),
      exitCode: 2,
    });
  });

  it('ends with 1 where the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { said, ended } = start('--port', `${port}`);
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(errorIn(said.err)).toMatchObject({ error: expect.stringContaining(`${port}`), exitCode: 1 });
    other.close();
  });
});
