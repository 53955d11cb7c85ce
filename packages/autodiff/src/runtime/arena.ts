/**
 * Gives a session an arena that holds little more than what is asked of it. The runtime's own gives a freed chunk away
 * whole where less than 128 MiB of it would be left over, and takes regions that double up to 1 GiB: an update of all
 * weights of Stable Diffusion 1.5 then holds 1 GiB more than with this. The runtime decides which buffers lie in it.
 *
 * The C API has such settings for allocators of the environment alone. So one is registered while a session is made,
 * which keeps it, and taken out of the environment again: every session has its own arena, which is freed with it.
 */
import { createQueue } from '../one-at-a-time.ts';
import { check, create, ort } from './api.ts';
import { environment, memoryInfo } from './environment.ts';
import type { Handle } from './library.ts';

/**
 * The least memory at full size, of all weights' step and of the recomputed one (docs/results.md). Splitting down to
 * 1 MiB saves no more and makes small steps 1.5 % slower; regions of 64 MiB leave buffers less room to share.
 */
const ARENA_SETTINGS = {
  /** What may be left unused at the end of a chunk that is less than twice as large as what it holds. */
  max_dead_bytes_per_chunk: 16 * 2 ** 20,
  /** The most that is taken from the system at once, unless a single buffer is larger. */
  max_power_of_two_extend_bytes: 256 * 2 ** 20,
};
const USE_SHARED = 'session.use_env_allocators';

/** The environment has one place for it, so sessions are made one after another. */
const inTurn = createQueue();

/** Makes a session of these options by `make`, with its own arena. */
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
