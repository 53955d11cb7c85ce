// What `npm run test:faults` runs: the tests that damage things at random, with ten times the damage of `npm test`.
// A number on the command line is how many safetensors files are damaged. With PostgreSQL, the studio's run on it, too.
// Which row of the fault table is tested where, and how often: docs/faults.md.
import { spawnSync } from 'node:child_process';
import { findPostgres, startPostgres } from './postgres.mjs';

const TESTS = [
  'tests/hostile-',
  'tests/checkpoint-kill',
  'tests/tune-kill',
  'tests/tune-mpi',
  'tests/full-disk',
  'tests/studio-kill',
  'tests/studio-faults',
  'tests/studio-soak',
  'tests/power-loss',
  'packages/heed/src/studio/faults',
  'packages/heed/src/studio/jobs/jobs',
  'packages/heed/src/studio/labelling/labelling',
  'packages/heed/src/studio/auth',
];

const [count = '10000'] = process.argv.slice(2);
const server = findPostgres() ? startPostgres() : undefined;
if (!server) console.log('PostgreSQL is not installed: its faults are left out.');
try {
  const { status, error } = spawnSync('npx', ['--no-install', 'vitest', 'run', '--testTimeout=3600000', ...TESTS], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: {
      ...process.env,
      HEED_FAULTS: count,
      HEED_FAULT_TENTHS: '10',
      ...(server ? { HEED_TEST_DATABASE_URL: server.url } : {}),
    },
  });
  if (error) console.error(`npx: ${error.message}`);
  process.exitCode = status ?? 1;
} finally {
  server?.remove();
}
