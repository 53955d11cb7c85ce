/** Slabs: places that do not overlap, zeros between them, and the numbers that come back. */
import { describe, expect, it } from 'vitest';
import { input } from '../tensor.ts';
import { separateBuffers, slabs } from './packing.ts';

const trained = [input('a', [3, 5]), input('b', [64]), input('c', [1])];
const values = () =>
  new Map(
    trained.map(({ shape, source }, i) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return [(source as { name: string }).name, { shape, data: new Float32Array(length).fill(i + 1) }];
    }),
  );

describe('slabs', () => {
  it('begin each parameter at 256 bytes and put zeros between', () => {
    const packing = slabs(trained);
    expect(packing.buffers.map(({ shape }) => shape)).toEqual([[192]]);
    const numbers = packing.pack('slab 0', values());
    expect([...numbers.subarray(0, 15)]).toEqual(Array(15).fill(1));
    expect([...numbers.subarray(15, 64)]).toEqual(Array(49).fill(0));
    expect([...numbers.subarray(64, 128)]).toEqual(Array(64).fill(2));
    expect(numbers[128]).toBe(3);
    expect([...numbers.subarray(129)]).toEqual(Array(63).fill(0));
  });

  it('are several where one would be too long', () => {
    const packing = slabs(trained, { maxFloats: 128 });
    expect(packing.buffers.map(({ shape }) => shape)).toEqual([[128], [64]]);
    const back = values();
    for (const { data } of back.values()) data.fill(0);
    for (const slab of ['slab 0', 'slab 1']) packing.unpack(slab, packing.pack(slab, values()), back);
    expect(back).toEqual(values());
  });

  it('hold a parameter that is longer than a slab', () => {
    expect(slabs(trained, { maxFloats: 32 }).buffers.map(({ shape }) => shape)).toEqual([[64], [64], [64]]);
  });
});

it('separate buffers are the parameters themselves', () => {
  const packing = separateBuffers(trained);
  const all = values();
  expect(packing.pack('b', all)).toBe(all.get('b')!.data);
});
