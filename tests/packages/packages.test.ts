import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../tools/pack/folders.ts';
import { pack } from '../../tools/pack/pack.ts';
import { type Installation, install } from './installation.ts';

let folder: string;
let installed: Installation;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-packages-'));
  const tarballs = await pack({ output: join(folder, 'dist'), thisPlatform: true });
  installed = await install(await mkdtemp(join(folder, 'trial-')), { tarballs: tarballs.map(({ file }) => file) });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the installed tarballs', () => {
  it('are smaller than the repository and bring fewer packages', () => {
    const { packages, megabytes, fetched } = installed;
    console.log(`installed: ${packages} packages, ${megabytes.toFixed(0)} MB`);
    expect(packages).toBeLessThanOrEqual(135);
    expect(megabytes).toBeLessThanOrEqual(205);
    // All from one place: no script and no package looks anywhere else.
    expect(new Set(fetched.map((url) => new URL(url).host)).size).toBeLessThanOrEqual(1);
  });

  it('hold no loader, bundler or framework', async () => {
    const names = await readdir(join(installed.folder, 'node_modules'));
    for (const name of ['tsx', 'esbuild', 'vite', 'react', 'react-dom', 'typescript', 'onnxruntime-node']) {
      expect(names).not.toContain(name);
    }
  });

  it('are correct for a strict compiler, declarations of dependencies included', async () => {
    await copyFile(new URL('./user-program.ts', import.meta.url), join(installed.folder, 'user-program.ts'));
    const options = {
      compilerOptions: {
        ...{ target: 'ES2023', module: 'NodeNext', strict: true, noEmit: true, skipLibCheck: false },
        ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')] },
      },
      files: ['user-program.ts'],
    };
    await writeFile(join(installed.folder, 'tsconfig.json'), JSON.stringify(options));
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const compiled = promisify(execFile)(process.execPath, [tsc, '-p', installed.folder]).catch(({ stdout }) => ({
      stdout,
    }));
    expect((await compiled).stdout).toBe('');
  });

  it('draw images in a new project, from a folder that nobody may write to', async () => {
    await installed.run('npx', 'heed', 'init', 'cats');
    const few = ['--set', 'generate.promptLimit=1', '--set', 'generate.imagesPerPrompt=2', '--set', 'sample.steps=2'];
    const result = JSON.parse(await installed.run('npx', 'heed', 'generate', '-p', 'cats', ...few, '--json'));
    expect(result.drawn ?? result.images).toBe(2);
    const touch = installed.run('node', '-e', "fs.writeFileSync('../node_modules/heed/x', '')");
    await expect(touch).rejects.toThrow('EACCES');
  });

  it('serve the pages, which are built', async () => {
    // npx does not hand a signal on.
    const heed = join(installed.folder, 'node_modules', '.bin', 'heed');
    const studio = installed.start(heed, 'studio', '-p', 'cats', '--port', '0', '--json');
    const lines = createInterface({ input: studio.stdout! });
    const ended = once(studio, 'close').then(([code]) => Promise.reject(new Error(`the studio ended with ${code}`)));
    const [line] = await Promise.race([once(lines, 'line') as Promise<[string]>, ended]);
    const { origin } = new URL(JSON.parse(line).login);
    const page = await (await fetch(origin)).text();
    const script = /src="([^"]+\.js)"/.exec(page)![1]!;
    expect((await fetch(new URL(script, origin))).status).toBe(200);
    studio.kill('SIGTERM');
    await expect(ended).rejects.toThrow('the studio ended with 0');
  });

  it('run the whole loop to its report', async () => {
    await installed.run('npx', 'heed', 'demo', '--scale', 'tiny', '--json');
    const [report] = await readdir(join(installed.work, 'demo', 'reports'));
    expect(await readFile(join(installed.work, 'demo', 'reports', report!), 'utf8')).toContain('<html');
  });

  it('name the package of weights where it is missing', async () => {
    const weights = join(installed.folder, 'node_modules', '@heed', 'tiny-sd');
    await rename(weights, join(folder, 'tiny-sd'));
    const { code, stderr } = await installed.run('npx', 'heed', 'demo', '--out', 'none').then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    );
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('npm install @heed/tiny-sd') });
  });
});
