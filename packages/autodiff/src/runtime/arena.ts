/**
 * Gives a session an arena that splits what it hands out. The runtime's own gives a freed chunk away whole where less than
 * 128 MiB of it would be left over, so that buffers of 10 MiB lie in chunks of 100: an update of all weights of Stable
 * Diffusion 1.5 then holds 1 GiB more than with this. Which buffers lie in it is the runtime's affair.
 *
 * The C API has such settings for allocators of the environment alone. So one is registered while a session is made, which
 * keeps it, and taken out of the environment again: every session has an arena of its own, which ends with it.
 */
import { check, create, ort } from './api.ts';
import { environment, memoryInfo } from './environment.ts';
import type { Handle } from './library.ts';

/** What may be left unused at the end of a chunk that is less than twice as large as what it holds. */
const MAX_DEAD_BYTES = 2 ** 20;
const DEAD_BYTES = 'max_dead_bytes_per_chunk';
const USE_SHARED = 'session.use_env_allocators';

/** The environment has one place for it, so sessions are made one after another. */
let last: Promise<unknown> = Promise.resolve();

/** Makes a session of these options by `make`, with an arena of its own. */
export function withOwnArena<T>(options: Handle, make: () => Promise<T>): Promise<T> {
  const made = last.then(async () => {
    const settings = create(ort.CreateArenaCfgV2, [DEAD_BYTES], BigUint64Array.of(BigInt(MAX_DEAD_BYTES)), 1);
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
  last = made.catch(() => {});
  return made;
}
