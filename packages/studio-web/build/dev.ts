/**
 * `npm run dev [-- --studio http://127.0.0.1:4180]`: serves the pages from their sources with hot reload. Requests of
 * the pages to the API are forwarded to a studio that is already running. The server is only for development: it
 * listens on this machine alone and sets no security headers.
 */
import { parseArgs } from 'node:util';
import { createServer } from 'vite';
import { PAGES_ROOT, pageOptions } from './build-pages.ts';

const { values } = parseArgs({ options: { studio: { type: 'string', default: 'http://127.0.0.1:4180' } } });
const studio = new URL(values.studio);
const server = await createServer({
  ...pageOptions,
  root: PAGES_ROOT,
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': {
        target: studio.origin,
        changeOrigin: true,
        // The studio answers its own pages alone.
        configure: (proxy) => proxy.on('proxyReq', (request) => request.setHeader('origin', studio.origin)),
      },
    },
  },
});
await server.listen();
console.log(`The pages are at ${server.resolvedUrls!.local[0]}; their data comes from ${studio.origin}.`);
console.log(`To log in, open the studio's link with this address in place of ${studio.origin}.`);
