// What `npm run test:faults` runs: the tests that damage things at random, with ten times the damage of `npm test`.
// A number on the command line is how many safetensors files are damaged.
import { spawnSync } from 'node:child_process';

const [count = '10000'] = process.argv.slice(2);
const { status, error } = spawnSync(
  'npx',
  ['--no-install', 'vitest', 'run', '--testTimeout=3600000', 'tests/hostile-'],
  {
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, HEED_FAULTS: count },
  },
);
if (error) console.error(`npx: ${error.message}`);
process.exitCode = status ?? 1;
