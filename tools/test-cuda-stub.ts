// What `npm run test:cuda-stub` runs: the real CUDA provider on stub libraries, without a GPU.
import { spawnSync } from 'node:child_process';
import { stubSite } from './cuda-stub/site.ts';

const { folder, driver } = stubSite();
const { status } = spawnSync(
  'npx',
  ['--no-install', 'vitest', 'run', 'tests/cuda-stub.test.ts', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, HEED_CUDA: folder, LD_LIBRARY_PATH: driver, HEED_TEST_CUDA_STUB: '1' },
  },
);
process.exitCode = status ?? 1;
