// What `npm run docs:api` runs: typedoc writes the reference of the library's three packages into dist/api.
import { spawnSync } from 'node:child_process';

const TYPEDOC = ['--yes', '-p', 'typedoc@0.28.20', '-p', 'typescript@6.0.3', 'typedoc'];
const packages = ['heed', 'diffusion', 'autodiff'].map((name) => `packages/${name}/src/index.ts`);
const options = ['--out', 'dist/api', '--name', 'heed', '--readme', 'none', '--tsconfig', 'tsconfig.json'];
const { status } = spawnSync('npx', [...TYPEDOC, ...options, '--excludePrivate', '--disableSources', ...packages], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;
