import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'bench/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Long on purpose: a slow machine is no failure, and nothing here measures time.
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
