// The command line as a user's shell sees it: child processes, their two outputs and exit codes.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HEED = fileURLToPath(new URL('../../bin/heed.mjs', import.meta.url));
/** A start takes half a second on an idle machine and many times that on a busy one. */
const TIMEOUT_MS = 180_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

const heed = (...args: string[]) => run({}, HEED, ...args);

function run(
  { program = process.execPath }: { program?: string },
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: folder }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('heed', () => {
  it(
    'says what is wrong with its arguments, changes nothing and exits with 2',
    async () => {
      const cases: [args: string[], stderr: string][] = [
        [['tunee'], "heed: unknown command 'tunee'"],
        [
          ['generate', '--json'],
          'expected the settings of a project, found none; `heed init <folder>` makes a project',
        ],
        [['init', 'p', '--set', 'tune.bata=1'], "heed: --set: unknown key 'tune.bata'; did you mean 'beta'?\n"],
      ];
      for (const [args, sentence] of cases) {
        const { code, stdout, stderr } = await heed(...args);
        expect([args, code, stdout]).toEqual([args, 2, '']);
        expect(stderr).toContain(sentence);
        expect(stderr).not.toContain('    at ');
      }
      expect(await readdir(folder)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'makes a project and looks at it, for machines',
    async () => {
      const made = await heed('init', 'q', '--json', '--set', 'seed=3');
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(made.stdout)).toEqual({ folder: join(folder, 'q'), config: join(folder, 'q/heed.toml') });

      const again = await heed('init', 'q', '--json');
      expect([again.code, again.stdout]).toEqual([2, '']);
      expect(JSON.parse(again.stderr)).toEqual({
        error: `${join(folder, 'q/heed.toml')}: expected a folder without a project, found one; nothing was changed`,
        exitCode: 2,
      });

      expect(await heed('label', '--project', 'q', '--simulate')).toMatchObject({
        code: 2,
        stderr: "heed: expected images in set 'train', found none; draw some with `heed generate`\n",
      });

      const model = await heed('export', 'model', '--project', 'q', '--out', 'out');
      expect(model).toMatchObject({ code: 2, stderr: "heed: model must be one of base, there is no 'tuned'\n" });
      expect(existsSync(join(folder, 'out'))).toBe(false);
    },
    TIMEOUT_MS,
  );

  it.runIf(process.platform !== 'win32')(
    'starts from its sources, and ends quietly where its reader closes the pipe',
    async () => {
      const script = `set -o pipefail; HEED_COMPILED= "${process.execPath}" "${HEED}" --help | head -1`;
      const { code, stdout, stderr } = await run({ program: 'bash' }, '-c', script);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Usage: heed [options] [command]\n', stderr: '' });
    },
    TIMEOUT_MS,
  );

  it(
    'shows the stack of a defect that no promise carries, and exits with 1',
    async () => {
      const main = new URL('./main.ts', import.meta.url);
      const script = `process.argv.push('--json', '--version'); await import('${main}'); setTimeout(() => undefined.x);`;
      const { code, stderr } = await run(
        {},
        '--import',
        import.meta.resolve('tsx'),
        '--input-type=module',
        '-e',
        script,
      );
      expect(code).toBe(1);
      expect(JSON.parse(stderr)).toMatchObject({ exitCode: 1, defect: true, stack: expect.stringContaining('at ') });
    },
    TIMEOUT_MS,
  );

  it(
    'stops at the first Ctrl-C with what is done, and exits with 130',
    async () => {
      const context = new URL('./context.ts', import.meta.url);
      const script = `
        import { runCommand } from '${context}';
        import { showError } from '${new URL('./show-error.ts', import.meta.url)}';
        try {
          await runCommand({ project: '.', set: [], json: true }, async ({ signal }) => {
            setTimeout(() => process.kill(process.pid, 'SIGINT'), 50);
            await new Promise((_, reject) => {
              const alive = setTimeout(() => {}, 60_000);
              signal.addEventListener('abort', () => { clearTimeout(alive); reject(new Error('session run terminated')); });
            });
          });
        } catch (error) { process.exitCode = showError(error, { json: true }); }`;
      const { code, stderr } = await run(
        {},
        '--import',
        import.meta.resolve('tsx'),
        '--input-type=module',
        '-e',
        script,
      );
      expect(code).toBe(130);
      expect(
        stderr
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual([
        { note: 'stopping; what is done is kept. Once more to stop at once.' },
        { error: 'stopped', exitCode: 130 },
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'doctor finds what is well and what is not, and exits with 1',
    async () => {
      await heed('init', 'r');
      await writeFile(join(folder, 'r/heed.toml'), '[tune]\nbeta = "much"\n');
      const examined = await heed('doctor', '--project', 'r', '--json');
      expect(examined.code).toBe(1);
      const { ok, checks } = JSON.parse(examined.stdout) as { ok: boolean; checks: { name: string }[] };
      expect(ok).toBe(false);
      expect(checks.find(({ name }) => name === 'onnx runtime')).toMatchObject({
        state: 'ok',
        found: expect.stringMatching(/^1\.\d+\.\d+, multiplies right$/),
      });
      expect(checks.find(({ name }) => name === 'settings')).toMatchObject({
        state: 'failed',
        found: `${join(folder, 'r/heed.toml')}: tune.beta must be a number, got 'much'`,
      });
    },
    TIMEOUT_MS,
  );
});
