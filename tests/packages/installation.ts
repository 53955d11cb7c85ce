/** Installs the packed tarballs in an empty folder, as a user does, and runs programs there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const NOBODY = 65534;

export interface Installation {
  /** The folder with node_modules, which is read-only. */
  readonly folder: string;
  readonly packages: number;
  readonly megabytes: number;
  /** Addresses that npm fetched from. */
  readonly fetched: readonly string[];
  /** Runs a program in a folder that it may write to; root runs it as another user. Returns what it printed. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  start(program: string, ...args: readonly string[]): ChildProcess;
  /** The folder that programs run in. */
  readonly work: string;
}

export interface InstallOptions {
  readonly tarballs: readonly string[];
  /** Folder of the node and npm to use; absent for those of this process. */
  readonly bin?: string | undefined;
}

/** Installs the tarballs with scripts off. Nothing of heed is in reach but the tarballs. */
export async function install(folder: string, { tarballs, bin }: InstallOptions): Promise<Installation> {
  const work = join(folder, 'work');
  await mkdir(work, { recursive: true });
  // mkdtemp makes folders that no other user may enter.
  for (let path = folder; basename(path).startsWith('heed-') || path === folder; path = dirname(path)) {
    await chmod(path, 0o755);
  }
  const env = environment(bin);
  const nothing = await registryOfNothing();
  await writeFile(join(folder, 'package.json'), '{ "name": "trial", "private": true, "type": "module" }\n');
  const args = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=http',
    `--@heed:registry=${nothing.url}`,
  ];
  const { stderr } = await promisify(execFile)('npm', [...args, ...tarballs], {
    cwd: folder,
    env,
    maxBuffer: 64 << 20,
  });
  nothing.close();
  const fetched = [...stderr.matchAll(/fetch GET \d+ (\S+)/g)]
    .map(([, url]) => url!)
    .filter((url) => !url.startsWith(nothing.url));
  const { packages } = JSON.parse(await readFile(join(folder, 'node_modules', '.package-lock.json'), 'utf8'));
  await makeReadOnly(join(folder, 'node_modules'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(work, NOBODY, NOBODY);
  const options = {
    cwd: work,
    env: { ...env, HOME: work, npm_config_cache: join(work, '.npm') },
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  };
  return {
    folder,
    work,
    packages: Object.keys(packages).length,
    megabytes: (await bytesOf(join(folder, 'node_modules'))) / 1e6,
    fetched,
    async run(program, ...args) {
      const { stdout } = await promisify(execFile)(program, args, { ...options, maxBuffer: 64 << 20 });
      return stdout;
    },
    start: (program, ...args) => spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] }),
  };
}

/** Without what the surrounding npm and test runner put there. */
function environment(bin: string | undefined): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|VITEST|NODE_ENV|NODE_OPTIONS)/.test(name),
  );
  const env = Object.fromEntries(kept);
  return bin === undefined ? env : { ...env, PATH: `${bin}${delimiter}${env.PATH ?? ''}` };
}

/** A registry for the scope @heed that has no package at all. */
async function registryOfNothing(): Promise<{ url: string; close(): void }> {
  const server = createServer((_request, response) => response.writeHead(404).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

async function makeReadOnly(folder: string): Promise<void> {
  for (const { name, isLink, isFolder, mode } of await entriesOf(folder)) {
    if (isFolder) await makeReadOnly(name);
    else if (!isLink) await chmod(name, mode & 0o555);
  }
  await chmod(folder, 0o555);
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const { name, isFolder, size } of await entriesOf(folder)) bytes += isFolder ? await bytesOf(name) : size;
  return bytes;
}

async function entriesOf(folder: string) {
  const names = (await readdir(folder)).map((name) => join(folder, name));
  return Promise.all(
    names.map(async (name) => {
      const status = await lstat(name);
      const { mode, size } = status;
      return { name, mode, size, isLink: status.isSymbolicLink(), isFolder: status.isDirectory() };
    }),
  );
}
