// What `npm run test:packages` runs: the packed tarballs on each Node and npm that is supported.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', 'tests/packages', ...process.argv.slice(2)], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, HEED_TEST_NODES: '1' },
});
process.exitCode = status ?? 1;
