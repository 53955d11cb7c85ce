// What `npm test` runs: linter, types, unneeded exports, then every test. Ends with vitest's summary and the line
// `N passed, N failed`.
// A failed check counts as one failed check. With CI set, a skipped test is a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (error) console.error(`${command}: ${error.message}`);
  return status === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'heed-test-'));
const reportPath = join(folder, 'vitest.json');
const filters = process.argv.slice(2);
const checks = [
  run('npx', ['--no-install', 'biome', 'check', '.']),
  run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json']),
  run('npx', ['--no-install', 'tsc', '-p', 'packages/studio-web']),
  run('npx', ['--no-install', 'knip', '--no-progress']),
];
const clean = run('npx', [
  '--no-install',
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportPath}`,
  ...filters,
]);

let passed = checks.filter(Boolean).length;
let failed = checks.length - passed;
try {
  const report = JSON.parse(readFileSync(reportPath, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  const skipped = report.numPendingTests + (report.numTodoTests ?? 0);
  if (skipped > 0) console.error(`${skipped} tests were skipped`);
  if (process.env.CI) failed += skipped;
} catch (error) {
  console.error(`no report of the tests: ${error.message}`);
  failed += 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!clean && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
