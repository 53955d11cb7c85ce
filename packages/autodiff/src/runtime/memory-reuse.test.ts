// The flag that the C API has no function for is found where it lies, and turned off once.
import { expect, it } from 'vitest';
import { create, ort } from './api.ts';
import { environment } from './environment.ts';
import { disableMemoryReuse } from './memory-reuse.ts';

it('finds the flag in this version of the runtime', () => {
  environment();
  for (let i = 0; i < 2; i++) {
    const options = create(ort.CreateSessionOptions);
    expect(disableMemoryReuse(options)).toBe(true);
    // It is off by now, and nothing else is written.
    expect(disableMemoryReuse(options)).toBe(false);
    ort.ReleaseSessionOptions(options);
  }
});
