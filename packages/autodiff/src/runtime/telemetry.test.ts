import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OPT_OUT } from './telemetry.ts';

const program = new URL('./telemetry-program.ts', import.meta.url);
const onWorker = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ tsImport }) =>
  tsImport(${JSON.stringify(program.href)}, ${JSON.stringify(program.href)}))`;
const starts = {
  'the main thread': ['--import', import.meta.resolve('tsx'), fileURLToPath(program)],
  'a worker thread': ['-e', `new (require('node:worker_threads').Worker)(${JSON.stringify(onWorker)}, { eval: true })`],
};

describe('telemetry', () => {
  it.each(Object.entries(starts))('leaves no trace when the runtime is used on %s', (_, start) => {
    const home = mkdtempSync(join(tmpdir(), 'heed-telemetry-'));
    try {
      const places = { HOME: home, XDG_CACHE_HOME: home, TMPDIR: home };
      const env = { ...process.env, ...places, TSX_DISABLE_CACHE: '1', [OPT_OUT]: '0' };
      execFileSync(process.execPath, start, { cwd: home, env });
      expect(readdirSync(home, { recursive: true })).toEqual([]);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
