/** Finds a Python with the packages that the peer needs. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const REQUIREMENTS = new URL('./peers/requirements.txt', import.meta.url);
const VARIABLE = 'HEED_BENCH_PYTHON';

export interface PeerPython {
  command: string;
  /** Version by package. */
  versions: Record<string, string>;
}

/** The interpreter that HEED_BENCH_PYTHON names, else python3; or one sentence that says what to install. */
export async function findPeerPython(): Promise<PeerPython | { missing: string }> {
  const command = process.env[VARIABLE] || 'python3';
  const packages = (await readFile(REQUIREMENTS, 'utf8')).split('\n').flatMap((line) => line.split('==')[0] || []);
  const versions = await installedVersions(command, packages);
  const recipe = `install bench/peers/requirements.txt with pip and name its Python in ${VARIABLE} (bench/README.md)`;
  if (versions === undefined) {
    return { missing: `No comparison with PyTorch: expected a Python at '${command}', got none; ${recipe}.` };
  }
  const lacking = packages.filter((name) => versions[name] === undefined);
  if (lacking.length === 0) return { command, versions };
  return { missing: `No comparison with PyTorch: '${command}' lacks ${lacking.join(', ')}; ${recipe}.` };
}

/** Asks for versions without importing anything; undefined where there is no such interpreter. */
function installedVersions(command: string, packages: readonly string[]): Promise<Record<string, string> | undefined> {
  const script = [
    'import importlib.metadata as m, json, sys',
    'print(json.dumps({d: m.version(d) for d in sys.argv[1:] if any(m.distributions(name=d))}))',
  ].join('\n');
  return new Promise((resolve) => {
    const child = spawn(command, ['-c', script, ...packages], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? JSON.parse(output) : undefined));
  });
}
