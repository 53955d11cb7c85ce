// Installs the tarballs with each supported Node and npm, and runs heed there. `npm run test:packages`; minutes.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../tools/pack/pack.ts';
import { install } from './installation.ts';

/** The floor of `engines`, and the newest of each line that is kept working. */
const NODES = ['20.19.0', '22', '24', '26'];
const NPMS = ['10', '11'];

let folder: string;
let tarballs: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-nodes-'));
  tarballs = (await pack({ output: join(folder, 'dist'), thisPlatform: true })).map(({ file }) => file);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder with `node`, `npm` and `npx` of these versions, which npm brings. */
async function tools(node: string, npm: string): Promise<string> {
  const home = await mkdtemp(join(folder, 'heed-tools-'));
  // The programs run as another user, who must reach these tools.
  await chmod(home, 0o755);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const brought = `node-${platform}-${process.arch}`;
  const args = ['install', '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', [...args, `${brought}@${node}`, `npm@${npm}`]);
  const bin = join(home, 'bin');
  await mkdir(bin);
  await symlink(join(home, 'node_modules', brought, 'bin', 'node'), join(bin, 'node'));
  for (const name of ['npm', 'npx'])
    await symlink(join(home, 'node_modules', 'npm', 'bin', `${name}-cli.js`), join(bin, name));
  return bin;
}

describe.each(NODES.flatMap((node) => NPMS.map((npm) => ({ node, npm }))))(
  'Node $node and npm $npm',
  ({ node, npm }) => {
    it('install heed, draw, and run the loop to its report', async () => {
      const bin = await tools(node, npm);
      const trial = await mkdtemp(join(folder, 'heed-trial-'));
      const installed = await install(trial, { tarballs, bin });
      const versions = [await installed.run('node', '--version'), await installed.run('npm', '--version')];
      expect(versions[0]).toMatch(new RegExp(`^v${node}`));
      expect(versions[1]).toMatch(new RegExp(`^${npm}\\.`));
      expect(await installed.run('npx', 'heed', '--help')).toContain('Usage: heed');
      await installed.run('npx', 'heed', 'init', 'cats');
      const few = ['--set', 'generate.promptLimit=1', '--set', 'generate.imagesPerPrompt=1', '--set', 'sample.steps=2'];
      await installed.run('npx', 'heed', 'generate', '-p', 'cats', ...few);
      // The tree is the same with either npm; the loop runs on it once a Node.
      if (npm === NPMS.at(-1)) {
        await installed.run('npx', 'heed', 'demo', '--scale', 'tiny', '--json');
        expect(await readdir(join(installed.work, 'demo', 'reports'))).toHaveLength(1);
      }
      console.log(`${versions.map((version) => version.trim()).join(', npm ')}: ${installed.packages} packages`);
      await rm(trial, { recursive: true, force: true });
    });
  },
);
