// Runs the programs of examples/ as a reader does, on pictures made here.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../tools/pack/folders.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const PICTURES = 24;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-examples-'));
  await mkdir(join(folder, 'pictures'));
  const rows = ['file,file_name,prompt,text,label'];
  for (let i = 0; i < PICTURES; i++) {
    const isGood = i % 2 === 0;
    const background = isGood ? { r: 20, g: 180 + i, b: 30 } : { r: 180 + i, g: 20, b: 30 };
    const picture = sharp({ create: { width: 64, height: 64, channels: 3, background } });
    await picture.png().toFile(join(folder, 'pictures', `${i}.png`));
    rows.push(`${i}.png,${i}.png,A green colored dog.,A green colored dog.,${isGood ? 'good' : 'bad'}`);
  }
  await writeFile(join(folder, 'pictures', 'metadata.csv'), `${rows.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function runExample(name: string, ...args: readonly string[]): Promise<string[]> {
  const program = join(ROOT, 'examples', `${name}.ts`);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', TSX, program, ...args], { cwd: folder });
  return stdout.trim().split('\n');
}

describe('examples', () => {
  it("compute a block's gradient, which a finite difference confirms", async () => {
    const [first, second] = await runExample('block-gradient');
    const gradientNorm = Number(/gradient norm ([\d.]+)/.exec(first!)![1]);
    expect(Number(second!.split(' ').at(-1)) / gradientNorm).toBeCloseTo(1, 1);
  });

  it('draw pictures, and measure how well texts fit them', async () => {
    expect(await runExample('draw')).toEqual(['drawn-0.png: 64 x 64', 'drawn-1.png: 64 x 64']);
    const lines = await runExample('clip-scores', 'drawn-0.png', 'drawn-1.png');
    for (const line of lines) {
      const scores = [...line.matchAll(/-?\d\.\d{3}/g)].map(Number);
      // Drawn of 'A green colored dog.'.
      expect(Math.max(...scores)).toBe(scores[0]);
    }
  });

  it('learn a reward from a CSV of judgements', async () => {
    const lines = await runExample('reward-from-csv', 'pictures/metadata.csv');
    const scored = lines.slice(1).map((line) => ({ score: Number.parseFloat(line), isGood: line.includes('good') }));
    expect(scored).toHaveLength(PICTURES);
    expect(scored.filter(({ score, isGood }) => score > 0.5 === isGood).length).toBeGreaterThanOrEqual(PICTURES - 2);
  });

  it('teach a LoRA good and bad pictures', async () => {
    const lines = await runExample('lora-from-pictures', 'pictures', 'project', '2');
    expect(lines[0]).toBe(`${PICTURES} pictures, ${PICTURES} judgements`);
    expect((await stat(join(folder, 'project', 'tuned-lora.safetensors'))).size).toBeGreaterThan(10_000);
    expect(await readdir(join(folder, 'project', 'drawn-tuned'))).not.toEqual([]);
  });
});
