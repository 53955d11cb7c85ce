import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/longest-first.ts';
import { ENGINE_TESTS, NOT_SHARED, UNIT_TESTS } from './tests/unit-tests.ts';
import { whyNoHosts, whyNoSlurm } from './tools/cluster.mjs';

/** Where a PostgreSQL for tests is, the studio's own tests run on it as well as on PGlite. */
const databaseUrl = process.env.HEED_TEST_DATABASE_URL;
if (!databaseUrl && process.env.HEED_REQUIRE_POSTGRES) {
  throw new Error(
    'HEED_REQUIRE_POSTGRES is set: expected HEED_TEST_DATABASE_URL, which `node tools/postgres.mjs` sets',
  );
}
if (!databaseUrl)
  console.log('The studio is tested on PGlite alone; `node tools/postgres.mjs npm test` adds PostgreSQL.');

/**
 * Tests that play a cluster on this machine, and why they cannot; a missing package is an error where CI installs it.
 */
const CLUSTER_TESTS = [
  ['tests/two-hosts.test.ts', whyNoHosts()],
  ['tests/tune-mpi-faults.test.ts', whyNoHosts()],
  ['tests/slurm.test.ts', whyNoSlurm()],
] as const;
const leftOut = CLUSTER_TESTS.flatMap(([file, reason]) => (reason ? [{ file, ...reason }] : []));
for (const { file, why, isInstallable } of leftOut) {
  if (isInstallable && process.env.HEED_REQUIRE_CLUSTER)
    throw new Error(`HEED_REQUIRE_CLUSTER is set: ${file}: ${why}`);
  console.log(`${file} is left out: ${why}.`);
}

export default defineConfig({
  resolve: { alias: { 'fast-check': new URL('./tests/seeded-fast-check.mjs', import.meta.url).pathname } },
  test: {
    pool: 'forks',
    // With more, tests in browsers starve on two cores.
    maxWorkers: 2,
    globalSetup: ['./tests/temporary-folder.ts', './tests/compiled-heed.ts'],
    setupFiles: ['./tests/typed-arrays.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          // A module is loaded once a worker, not once a file.
          isolate: false,
          include: UNIT_TESTS,
          exclude: ['**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          isolate: false,
          include: ENGINE_TESTS,
          exclude: ['**/node_modules/**', ...UNIT_TESTS, ...NOT_SHARED],
        },
      },
      {
        extends: true,
        test: {
          name: 'heed',
          include: ['packages/{heed,studio-web}/src/**/*.test.ts', '{tests,bench,tools}/**/*.test.ts', ...NOT_SHARED],
          // Compares with pytorch-fid, where HEED_PYTHON names a Python that has it.
          exclude: [
            '**/node_modules/**',
            ...UNIT_TESTS,
            ...(process.env.HEED_PYTHON ? [] : ['tests/fid-interop.test.ts']),
            ...leftOut.map(({ file }) => file),
            // Needs a wheel of 247 MB; `npm run test:cuda-stub` brings it and sets this.
            ...(process.env.HEED_TEST_CUDA_STUB ? [] : ['tests/cuda-stub.test.ts']),
            // Needs an NVIDIA GPU.
            ...(process.env.HEED_TEST_CUDA ? [] : ['tests/cuda.test.ts']),
            // Takes minutes for each Node; `npm run test:packages` sets this.
            ...(process.env.HEED_TEST_NODES ? [] : ['tests/packages/nodes.test.ts']),
          ],
          // Tests say themselves which database they want.
          env: { DATABASE_URL: '' },
        },
      },
      ...(databaseUrl
        ? [
            {
              extends: true as const,
              test: {
                name: 'on PostgreSQL',
                include: ['packages/heed/src/studio/**/*.test.ts'],
                // They open no database, or test what does not depend on it: files, routes and headers.
                exclude: [
                  'packages/heed/src/studio/{holder,*/*-details}.test.ts',
                  'packages/heed/src/studio/auth/{client-address,guard,security}.test.ts',
                  'packages/heed/src/studio/{comparing,data,guidelines,overview,pictures,rounds,routes,training}/*.test.ts',
                  'packages/heed/src/studio/jobs/run-names.test.ts',
                  'packages/heed/src/studio/labelling/decide-answer.test.ts',
                  'packages/heed/src/studio/raters/bad-raters.test.ts',
                  'packages/heed/src/studio/storage/batches.test.ts',
                ],
                env: { DATABASE_URL: databaseUrl },
              },
            },
          ]
        : []),
    ],
    // Long on purpose: a slow machine is no failure, and nothing here measures time.
    testTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    hookTimeout: 600_000,
  },
});
