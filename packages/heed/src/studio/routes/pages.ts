/** Serves static files, and the single HTML document for every page address. */
import { Hono } from 'hono';
import { problem, type StudioEnv } from '../auth/guard.ts';
import type { StaticPages } from '../pages/static-pages.ts';

const IMMUTABLE = 'public, max-age=31536000, immutable';

export function pageRoutes(pages: StaticPages) {
  return new Hono<StudioEnv>().get('/*', (c) => {
    const { path } = c.req;
    const file = pages.files.get(path);
    if (file) return c.body(file.bytes, 200, { 'Content-Type': file.type, 'Cache-Control': IMMUTABLE });
    // An address with a dot names a file; page addresses contain none.
    if (path === '/api' || path.startsWith('/api/') || path.startsWith('/assets/') || path.includes('.')) {
      return problem(c, 404, 'there is nothing here');
    }
    return c.body(pages.document.bytes, 200, { 'Content-Type': pages.document.type, 'Cache-Control': 'no-cache' });
  });
}
