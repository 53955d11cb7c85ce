// A PostgreSQL of one's own in a temporary folder, reached by a unix socket in it: `node tools/postgres.mjs COMMAND...`
// runs the command with its address in HEED_TEST_DATABASE_URL and stops the server afterwards. Tests import what they
// need.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const DEBIAN_FOLDER = '/usr/lib/postgresql';

/** The folder of initdb and pg_ctl, or undefined where PostgreSQL is not installed. */
export function findPostgres() {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN_FOLDER, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.find((folder) => ['initdb', 'pg_ctl'].every((name) => existsSync(join(folder, name))));
}

/** Makes and starts a server; `restart` ends all connections at once. Settings are those of postgresql.conf. */
export function startPostgres({ settings = {} } = {}) {
  const programs = findPostgres();
  if (!programs) throw new Error('expected PostgreSQL to be installed (on Debian: apt-get install postgresql)');
  const folder = mkdtempSync(join(tmpdir(), 'heed-postgres-'));
  const data = join(folder, 'data');
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const run = (name, args) =>
    execFileSync(join(programs, name), args, { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const all = { listen_addresses: "''", unix_socket_directories: `'${folder}'`, ...settings };
  const options = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`);
  const control = (...args) => run('pg_ctl', ['-D', data, '-w', '-s', '-l', join(folder, 'log'), ...args]);
  const start = () => control('start', '-o', options.join(' '));
  run('initdb', ['-D', data, '-U', 'heed', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C']);
  start();
  return {
    url: `postgresql://heed@/postgres?host=${encodeURIComponent(folder)}`,
    stopServer: () => control('stop', '-m', 'immediate'),
    startServer: start,
    remove() {
      control('stop', '-m', 'immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function idOf(which) {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
}

async function main([command, ...args]) {
  const server = startPostgres();
  // Ctrl-C is the command's to answer; the server goes when it has.
  const ignore = () => {};
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, ignore);
  try {
    const env = { ...process.env, HEED_TEST_DATABASE_URL: server.url };
    const child = spawn(command, args, { stdio: 'inherit', env });
    process.exitCode = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    server.remove();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
