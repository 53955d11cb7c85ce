/** State shared by all sessions of the process: the OrtEnv, the default allocator, and memory infos. Never released. */
import { check, create, ort } from './api.ts';
import type { Handle } from './library.ts';
import { localDeviceId } from './local-device.ts';

const LOG_ERRORS = 3;
const DEVICE_ALLOCATOR = 0;
const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;

const shared = new Map<string, Handle>();

function once(key: string, make: () => Handle): Handle {
  const known = shared.get(key) ?? make();
  shared.set(key, known);
  return known;
}

export function environment(): Handle {
  return once('environment', () => {
    const made = create(ort.CreateEnv, LOG_ERRORS, 'heed');
    check(ort.DisableTelemetryEvents(made));
    return made;
  });
}

export function defaultAllocator(): Handle {
  return once('allocator', () => create(ort.GetAllocatorWithDefaultOptions));
}

/** Returns the OrtMemoryInfo for host memory (`undefined`), or for the device memory that the provider calls `name`. */
export function memoryInfo(name: string | undefined): Handle {
  return once(`memory ${name}`, () =>
    name === undefined
      ? create(ort.CreateCpuMemoryInfo, ARENA_ALLOCATOR, DEFAULT_MEMORY)
      : create(ort.CreateMemoryInfo, name, DEVICE_ALLOCATOR, name === 'Cuda' ? localDeviceId() : 0, DEFAULT_MEMORY),
  );
}
