/**
 * Seeded random numbers, the only source of randomness in heed's computations; the same seed therefore reproduces a
 * run. The generator is not secure for cryptography, and no ONNX graph contains random numbers.
 */
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { InputError } from './errors.ts';

/** A stream of pseudo-random numbers whose whole state can be saved. */
export interface RandomGenerator {
  /** Returns a uniform number in [0, 1) with 32 random bits. */
  uniform(): number;
  /** Returns a uniform integer in [0, maxExclusive). */
  integer(maxExclusive: number): number;
  /** Returns a standard normal number (Box and Muller 1958). */
  normal(): number;
  /** Fills `target` with standard normals and returns it. */
  fillNormal(target: Float32Array): Float32Array;
  /** Shuffles in place (Fisher and Yates) and returns the array. */
  shuffle<T>(items: T[]): T[];
  /**
   * Returns an independent stream that is determined by the seed and `label`. The new stream does not depend on this
   * stream's position.
   */
  fork(label: string): RandomGenerator;
  /** Returns the stream's state for `restoreRandom`, as numbers that can be stored in JSON. */
  state(): readonly number[];
}

/** Starts a stream; equal seeds give equal streams on every machine. */
export function createRandom(seed: number): RandomGenerator {
  const seed32 = seed | 0;
  return wrap(seed32, xoroshiro128plus(mix(seed32)), undefined);
}

/** Continues a stream from `RandomGenerator.state()`. */
export function restoreRandom(state: readonly number[]): RandomGenerator {
  if (state.length < 6) throw new InputError(`random state: expected 6 or 7 numbers, got ${state.length}`);
  const [seed, hasSpare, ...rest] = state as [number, number, ...number[]];
  const spare = hasSpare === 1 ? rest[0] : undefined;
  return wrap(seed, xoroshiro128plusFromState(hasSpare === 1 ? rest.slice(1) : rest), spare);
}

function wrap(
  seed: number,
  generator: ReturnType<typeof xoroshiro128plus>,
  initialSpare: number | undefined,
): RandomGenerator {
  let spare = initialSpare;
  const uniform = () => (generator.next() >>> 0) / 0x1_0000_0000;
  const integer = (maxExclusive: number) => Math.floor(uniform() * maxExclusive);
  const normal = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    uniform,
    integer,
    normal,
    fillNormal(target) {
      for (let i = 0; i < target.length; i++) target[i] = normal();
      return target;
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const held = items[i]!;
        items[i] = items[j]!;
        items[j] = held;
      }
      return items;
    },
    fork: (label) => createRandom(hash(label, seed)),
    state: () => [seed, ...(spare === undefined ? [0] : [1, spare]), ...generator.getState()],
  };
}

/** FNV-1a hash of the label, started from the seed of the stream that is forked. */
function hash(label: string, seed: number): number {
  let h = mix(seed ^ 0x811c9dc5);
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
  return mix(h);
}

/** The finaliser of MurmurHash3, so that neighbouring seeds do not give similar streams. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
