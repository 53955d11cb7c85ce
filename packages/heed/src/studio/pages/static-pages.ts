/** The built web pages, read into memory, so that the path of a request never becomes a path on disk. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

export interface StaticPages {
  readonly document: StaticFile;
  /** Files by URL path, such as '/assets/index-1a2b3c.js'. */
  readonly files: ReadonlyMap<string, StaticFile>;
  /** Sources for the content security policy: the hashes of the scripts inside the document. */
  readonly inlineScripts: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Reads all files under `folder`; index.html is the document. Files of unknown types are left out. */
export async function readStaticPages(folder: string): Promise<StaticPages> {
  const names = await readdir(folder, { recursive: true });
  const files = new Map<string, StaticFile>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = Uint8Array.from(await readFile(join(folder, name)));
    files.set(`/${name.split(sep).join('/')}`, { bytes, type });
  }
  const document = files.get('/index.html');
  if (!document) throw new Error(`${folder}: expected an index.html, found none`);
  files.delete('/index.html');
  return { document, files, inlineScripts: inlineScriptsOf(new TextDecoder().decode(document.bytes)) };
}

/** The hash of each script inside the document, as "'sha256-...'". */
function inlineScriptsOf(html: string): string[] {
  return [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
}
