/** `npm run test:unit`: tests of single parts, in under a minute. */
import { defineConfig } from 'vitest/config';
import { UNIT_TESTS } from './tests/unit-tests.ts';

export default defineConfig({
  resolve: { alias: { 'fast-check': new URL('./tests/seeded-fast-check.mjs', import.meta.url).pathname } },
  test: {
    pool: 'forks',
    // A module is loaded once a worker, not once a file.
    isolate: false,
    globalSetup: ['./tests/temporary-folder.ts'],
    setupFiles: ['./tests/typed-arrays.ts'],
    include: UNIT_TESTS,
    exclude: ['**/node_modules/**'],
    testTimeout: 60_000,
  },
});
