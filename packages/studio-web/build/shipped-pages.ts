/**
 * The entry module of the published studio-web package, whose pages are built already. `build-pages.ts` is the
 * repository's.
 */
import { fileURLToPath } from 'node:url';

/** Returns the folder with the static files of the built pages. */
export async function buildPages(_options: { onBuild?: () => void } = {}): Promise<string> {
  return fileURLToPath(new URL('../pages', import.meta.url));
}
