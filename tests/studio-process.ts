/** Starts `heed studio` as a user does, in a separate process, and talks to it over HTTP. For tests alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));

export interface StudioProcess {
  /** The body of a 2xx answer to a POST under /api/; throws the status otherwise. */
  post<T>(path: string, body: unknown, cookie: string): Promise<T>;
  readonly child: ChildProcess;
  readonly origin: string;
  /** The one-time link that was printed. */
  readonly link: string;
  /** Logs in with the link and returns the cookie. */
  login(): Promise<string>;
  /** SIGTERM and the exit code. */
  stop(): Promise<number | null>;
}

/** Resolves when the link is printed; rejects with stderr where the process ends before. */
export async function startStudioProcess(
  folder: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  { onSpawn = () => {} }: { onSpawn?: (child: ChildProcess) => void } = {},
): Promise<StudioProcess> {
  const child = spawn(process.execPath, [HEED, 'studio', '--project', folder, '--port', '0', '--json', ...args], {
    env: { ...process.env, ...env },
  });
  onSpawn(child);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const link = await new Promise<string>((resolve, reject) => {
    let stdout = '';
    child.stdout.on('data', (text) => {
      stdout += text;
      const found = /"login":"([^"]+)"/.exec(stdout)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`heed studio ended with ${code}: ${stderr}`)));
  });
  const { origin } = new URL(link);
  return {
    child,
    origin,
    link,
    async login() {
      const response = await fetch(`${origin}/api/session/login`, {
        method: 'POST',
        headers: { Origin: origin, 'Content-Type': 'application/json' },
        body: JSON.stringify({ token: new URL(link).hash.slice(1) }),
      });
      return response.headers.getSetCookie()[0]!.split(';')[0]!;
    },
    async post(path, body, cookie) {
      const response = await fetch(`${origin}/api/${path}`, {
        method: 'POST',
        headers: { Origin: origin, Cookie: cookie, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.json() as never;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}
