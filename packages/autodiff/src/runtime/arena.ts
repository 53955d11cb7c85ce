/**
 * Gives a session an arena with little unused memory. The runtime's default arena does not split a freed chunk if less
 * than 128 MiB would be left, and its regions double up to 1 GiB. A full update of Stable Diffusion 1.5 then holds 1
 * GiB more than with this arena. The runtime decides which buffers are in the arena.
 *
 * The C API has these settings only for allocators of the environment. An allocator is therefore registered while a
 * session is created, and removed from the environment afterwards. The session keeps the allocator, so that every
 * session has its own arena, which is freed with the session.
 */
import { createQueue } from '../one-at-a-time.ts';
import { check, create, ort } from './api.ts';
import { environment, memoryInfo } from './environment.ts';
import type { Handle } from './library.ts';

/**
 * These settings took the least memory for a training step of Stable Diffusion 1.5, with and without recomputation
 * (docs/results.md). Splitting down to 1 MiB saves no more and makes small steps 1.5 % slower; regions of 64 MiB leave
 * buffers less room to share.
 */
const ARENA_SETTINGS = {
  /** Largest unused rest of a chunk; a larger rest is split off. */
  max_dead_bytes_per_chunk: 16 * 2 ** 20,
  /** Largest region taken from the system at once, unless a single buffer is larger. */
  max_power_of_two_extend_bytes: 256 * 2 ** 20,
};
const USE_SHARED = 'session.use_env_allocators';

/** The environment holds one such allocator, so sessions are created one after another. */
const inTurn = createQueue();

/** Creates a session with these options by `make`, with its own arena. */
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
