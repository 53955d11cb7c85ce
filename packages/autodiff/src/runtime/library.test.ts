import { expect, it } from 'vitest';
import { runtimeVersion } from './library.ts';

it('loads the version that the function indices were written for', () => {
  expect(runtimeVersion).toBe('1.30.0');
});
