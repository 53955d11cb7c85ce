/**
 * A Hugging Face hub of one repository on loopback, for tests: the answers of its HTTP API that downloading needs, for
 * a folder on disk, with faults on request. The real thing speaks TLS and redirects to storage; this does neither.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface HubServer {
  readonly endpoint: string;
  readonly commit: string;
  /** `GET /path`, with the range where one was asked for. */
  readonly requests: string[];
  /** Files of at least this size are "LFS" and known by their SHA-256. */
  faults: {
    /** Path to the number of bytes after which the connection is cut, once. */
    cutAfter: Map<string, number>;
    /** Paths whose last byte is sent wrong. */
    wrong: Set<string>;
    /** Token without which all is refused. */
    token?: string;
    /** Ranges are not looked at: every answer is the whole file. */
    ignoresRange?: boolean;
    /** Answers every range with one that begins so many bytes earlier. */
    rangeOffset?: number;
    /** Answer to every question about the repository. */
    refusal?: { status: number; headers?: Record<string, string>; body?: unknown } | undefined;
  };
  close(): Promise<void>;
}

const LFS_BYTES = 10_000;

/** Serves `folder` as the repository `repo` at one commit. */
export async function startHubServer({ folder, repo }: { folder: string; repo: string }): Promise<HubServer> {
  const commit = createHash('sha1').update(repo).digest('hex');
  const requests: string[] = [];
  const faults: HubServer['faults'] = { cutAfter: new Map(), wrong: new Set() };

  const tree = async () => {
    const entries: object[] = [];
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name);
      if ((await stat(path)).isDirectory()) continue;
      const bytes = await readFile(path);
      const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const lfs = bytes.length >= LFS_BYTES ? { lfs: { oid: sha256, size: bytes.length, pointerSize: 130 } } : {};
      entries.push({ type: 'file', path: name, size: bytes.length, oid, ...lfs });
    }
    return entries;
  };
  const send = async (path: string, request: IncomingMessage, response: ServerResponse) => {
    const whole = Buffer.from(await readFile(join(folder, path)));
    if (faults.wrong.has(path)) whole[whole.length - 1]! ^= 1;
    const range = faults.ignoresRange ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const first = range ? Math.max(0, Number(range[1]) - (faults.rangeOffset ?? 0)) : 0;
    const last = range?.[2] ? Number(range[2]) : whole.length - 1;
    const body = whole.subarray(first, last + 1);
    response.writeHead(range ? 206 : 200, {
      ETag: `"${createHash('sha1').update(whole).digest('hex')}"`,
      'Content-Length': body.length,
      ...(range ? { 'Content-Range': `bytes ${first}-${last}/${whole.length}` } : {}),
    });
    const cut = faults.cutAfter.get(path);
    if (cut !== undefined && body.length > cut) {
      faults.cutAfter.delete(path);
      response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
    } else response.end(body);
  };

  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0]!);
    requests.push(`${path}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    const json = (value: unknown, status = 200) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    };
    if (faults.refusal !== undefined && path.startsWith('/api/')) {
      const { status, headers = {}, body = {} } = faults.refusal;
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
    } else if (faults.token !== undefined && request.headers.authorization !== `Bearer ${faults.token}`) {
      json({ error: 'Invalid credentials in Authorization header' }, 401);
    } else if (
      /^\/api\/models\/[^/]+\/[^/]+\/revision\/(main|[0-9a-f]{40})$/.test(path) &&
      path.includes(`/${repo}/`)
    ) {
      json({ _id: '1', id: repo, sha: commit, private: false, likes: 0, downloads: 0, lastModified: '2026-01-01' });
    } else if (path === `/api/models/${repo}/tree/${commit}`) {
      void tree().then(json);
    } else if (path.startsWith(`/${repo}/resolve/${commit}/`)) {
      send(path.slice(`/${repo}/resolve/${commit}/`.length), request, response).catch(() =>
        json({ error: 'Entry not found' }, 404),
      );
    } else json({ error: 'Repository not found' }, 404);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commit,
    requests,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
