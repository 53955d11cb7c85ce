/** The benchmark of ranks: really run with heed alone at a tiny size, and the calculated share of the exchange. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../options.ts';
import { tinyBenchmark } from './benchmarks.ts';
import { shareOnLine } from './exchange-share.ts';
import { measureRanks } from './measure.ts';
import { describeRanks } from './report.ts';

const hasMpi = spawnSync('mpirun', ['--version']).status === 0;

describe('options', () => {
  it('name ranks and links', () => {
    expect(parseOptions(['--ranks', '2', '--link', '1,1:10'])).toMatchObject({
      ranks: 2,
      links: [
        { gbit: 1, delayMs: 0 },
        { gbit: 1, delayMs: 10 },
      ],
    });
    expect(parseOptions([]).ranks).toBeUndefined();
  });

  it.each([
    [['--ranks', '1'], "--ranks: expected at least 2, got '1'"],
    [['--link', '1'], '--link: expected --ranks 2 with it, got none'],
    [['--ranks', '2', '--link', 'fast'], "got 'fast'"],
  ])('refuse %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

it('calculates the share of the exchange on a line', () => {
  // 112.5 MB are 0.9 Gbit; two ranks move them once, three ranks 4/3 times.
  const line = { bytes: 112.5e6, gbit: 1, updateSeconds: 3.5, seconds: 0.5 };
  expect(shareOnLine({ ...line, ranks: 2 })).toEqual({ seconds: 1, share: 0.25 });
  expect(shareOnLine({ ...line, ranks: 3 }).seconds).toBeCloseTo(4 / 3, 12);
});

it.runIf(hasMpi)('measures one rank, replicas and two ranks that compute the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heed-bench-ranks-'));
  try {
    const full = tinyBenchmark(2);
    const settings = { ...full.settings, batchSize: 2, accumulation: 2 };
    const result = await measureRanks(
      { ...full, settings, repeats: 1 },
      { ranks: 2, folder, rounds: 1, runtime: { device: 'cpu', precision: 'float32' } },
    );
    expect(result.sides.map(({ name }) => name)).toEqual([
      'heed, one rank',
      'heed, 2 replicas in one process',
      'heed, 2 ranks',
    ]);
    expect(result.agreement.filter(({ agrees }) => !agrees)).toEqual([]);
    // All float32 gradients of the tiny model, and the sums of metrics.
    expect(result.exchange.bytes).toBeGreaterThan(28e6);
    expect(result.exchange.bytes).toBeLessThan(29e6);
    const text = describeRanks(result, [{ link: '1 Gbit/s', updateSeconds: 2, exchangeSeconds: 0.5 }]).join('\n');
    expect(text).toContain('2 ranks / 2 replicas');
    expect(text).toMatch(/1 Gbit\/s, measured +0.50 +25.0 %/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
