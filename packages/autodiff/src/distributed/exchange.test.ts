import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../random.ts';
import { fromBfloat16, toBfloat16 } from './bfloat16.ts';
import { createExchange } from './exchange.ts';
import { localTransports } from './testing/local-ranks.ts';
import { addInto, treeSum } from './tree-sum.ts';

function arraysOf(rank: number, lengths: readonly number[]): Float32Array[] {
  const random = createRandom(rank + 1);
  return lengths.map((length, i) => random.fork(`${i}`).fillNormal(new Float32Array(length)));
}

/** The sum in tree order, computed without any exchange. */
function expectedSum(ranks: number, lengths: readonly number[]): Float32Array[] {
  const parts = Array.from({ length: ranks }, (_, rank) => arraysOf(rank, lengths));
  treeSum(ranks, (into, from) => {
    for (const [i, array] of parts[into]!.entries()) addInto(array, parts[from]![i]!);
  });
  return parts[0]!;
}

async function exchangeAll(ranks: number, lengths: readonly number[], options = {}): Promise<Float32Array[][]> {
  const sides = localTransports(ranks).map((transport) => createExchange(transport, options));
  const all = sides.map((_, rank) => arraysOf(rank, lengths));
  // Twice: buffers are kept for the second call.
  await Promise.all(sides.map((exchange) => exchange([new Float32Array(100).fill(Number.NaN)])));
  await Promise.all(sides.map((exchange, rank) => exchange(all[rank]!)));
  return all;
}

describe('the exchange', () => {
  it('gives every rank the bits of the tree sum, whatever the lengths and buckets', async () => {
    const lengths = fc.array(fc.nat(40), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        lengths,
        fc.integer({ min: 1, max: 64 }),
        async (ranks, n, size) => {
          const expected = expectedSum(ranks, n);
          for (const result of await exchangeAll(ranks, n, { bucketLength: size })) expect(result).toEqual(expected);
        },
      ),
      { seed: 7, numRuns: 150 },
    );
  });

  it('in bfloat16 is within its rounding, and equal on all ranks', async () => {
    const [expected] = expectedSum(3, [1000]);
    const results = await exchangeAll(3, [1000], { type: 'bfloat16' });
    for (const [result] of results) {
      expect(result).toEqual(results[0]![0]);
      // Each of three numbers and their sum is rounded to 8 bits.
      for (const [i, value] of result!.entries()) {
        expect(Math.abs(value - expected![i]!)).toBeLessThan(0.03 + 0.01 * Math.abs(value));
      }
    }
  });
});

it('the tree of powers of two is the same however parts are spread over ranks', () => {
  const written = (parts: string[]) => {
    treeSum(parts.length, (into, from) => {
      parts[into] = `(${parts[into]}+${parts[from]})`;
    });
    return parts[0]!;
  };
  const whole = written(['0', '1', '2', '3']);
  expect(whole).toBe('((0+1)+(2+3))');
  expect(written([written(['0', '1']), written(['2', '3'])])).toBe(whole);
});

it('bfloat16 rounds to the nearest, ties to even, and keeps what is no number', () => {
  const cases: [number, number][] = [
    [1, 1],
    [1 + 2 ** -8, 1],
    [1 + 3 * 2 ** -8, 1 + 2 ** -6],
    [1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -7],
    [-0, -0],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NaN, Number.NaN],
    [3.4e38, Number.POSITIVE_INFINITY],
  ];
  const bits = new Uint16Array(cases.length);
  toBfloat16(
    Float32Array.from(cases, ([value]) => value),
    bits,
  );
  const back = new Float32Array(cases.length);
  fromBfloat16(bits, back);
  expect([...back]).toEqual(cases.map(([, expected]) => expected));
});
