/**
 * Gives a session a memory arena with little unused memory. ONNX Runtime's default arena does not split a freed chunk
 * if less than 128 MiB would be left, and its regions double up to 1 GiB. Training all weights of Stable Diffusion 1.5
 * with the default arena takes 1 GiB more than with this arena. ONNX Runtime decides which buffers are in the arena.
 *
 * The C API accepts arena settings only for allocators that belong to ONNX Runtime's environment. An allocator is
 * therefore registered while a session is created, and removed from the environment afterwards. The session keeps the
 * allocator, so that every session has its own arena, which is freed with the session.
 */
import { createQueue } from '../one-at-a-time.ts';
import { check, create, ort } from './api.ts';
import { environment, memoryInfo } from './environment.ts';
import type { Handle } from './library.ts';

/**
 * Of the arena settings tried, these took the least memory for a training step of Stable Diffusion 1.5, with and
 * without recomputation (docs/results.md). Splitting chunks down to 1 MiB saves no more memory and makes small steps
 * 1.5 % slower; in regions of 64 MiB buffers share memory less well.
 */
const ARENA_SETTINGS = {
  /** Largest part of a chunk that may stay unused; a larger unused part is split off as another chunk. */
  max_dead_bytes_per_chunk: 16 * 2 ** 20,
  /** Largest memory region that the arena requests from the system at once, unless a single buffer is larger. */
  max_power_of_two_extend_bytes: 256 * 2 ** 20,
};
const USE_SHARED = 'session.use_env_allocators';

/** The environment can have only one such allocator at a time, so sessions are created one after another. */
const inTurn = createQueue();

/** Calls `make`, which creates a session with `options`, and gives that session a separate arena. */
export function withOwnArena<T>(options: Handle, make: () => Promise<T>): Promise<T> {
  return inTurn(async () => {
    const names = Object.keys(ARENA_SETTINGS);
    const values = BigUint64Array.from(Object.values(ARENA_SETTINGS), BigInt);
    const settings = create(ort.CreateArenaCfgV2, names, values, names.length);
    const host = memoryInfo(undefined);
    try {
      check(ort.CreateAndRegisterAllocator(environment(), host, settings));
      try {
        check(ort.AddSessionConfigEntry(options, USE_SHARED, '1'));
        return await make();
      } finally {
        check(ort.UnregisterAllocator(environment(), host));
      }
    } finally {
      ort.ReleaseArenaCfg(settings);
    }
  });
}
