/** `npm run check:gpu` on the processor: parts, time limits, what is kept, and refusals. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partsOf } from '../tools/check-gpu/parts.ts';
import { runPart } from '../tools/check-gpu/run-part.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heed-check-gpu-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Without PyTorch, which a test machine may lack. */
function check(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'tools/check-gpu/main.ts', '--device', 'cpu', ...args],
    { encoding: 'utf8', env: { ...process.env, HEED_BENCH_PYTHON: join(folder, 'no-python') } },
  );
  return { status, stdout, stderr };
}

describe('the check of a GPU', () => {
  it('measures a part, writes it, and does not run it again', () => {
    const out = join(folder, 'result.json');
    const args = ['--size', 'tiny', '--only', 'tiny step, float32', '--out', out];
    const first = check(...args);
    expect(first.status, first.stderr).toBe(0);
    expect(first.stderr).toContain('No comparison with PyTorch');
    expect(first.stdout).toMatch(/update of the U-Net, batch 16 +[\d.]+ s +- +- +done/);
    const saved = JSON.parse(readFileSync(out, 'utf8'));
    expect(saved.parts).toMatchObject([
      { name: 'tiny step, float32', state: 'done', report: { threads: expect.any(Number) } },
    ]);
    const second = check(...args);
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).not.toContain('at most');
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(saved);
    expect(check(...args, '--device', 'webgpu')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected a new file'),
    });
  });

  it('starts no part after its minutes, and says which are left', () => {
    const { status, stdout } = check('--size', 'tiny', '--minutes', '0.000001', '--out', join(folder, 'none.json'));
    expect(status).toBe(1);
    expect(stdout).toContain('left for the next call: tiny step, float32');
  });

  it('ends a part at its limit', async () => {
    const part = {
      name: 'long',
      args: ['-e', 'setTimeout(() => {}, 60000)'],
      limitSeconds: 0.5,
      output: 'text',
    } as const;
    const result = await runPart(part, { signal: new AbortController().signal });
    expect(result).toMatchObject({ name: 'long', state: 'out of time' });
    expect(result.seconds).toBeLessThan(20);
  });

  it('names the models that the true size needs', () => {
    const { status, stderr } = check('--models', join(folder, 'absent'));
    expect(status).toBe(2);
    expect(stderr).toContain('write-random-model.ts');
  });

  it('captures graphs and compiles PyTorch on CUDA', () => {
    const names = partsOf({ device: 'cuda', size: 'full', models: 'full' }).map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['device', 'op table and updates beside the processor']);
    expect(names).toContain('tiny step, float32, captured');
    expect(names).toContain('Stable Diffusion 1.5, LoRA, batch 8, float16-compiled');
    expect(new Set(names).size).toBe(names.length);
  });
});
