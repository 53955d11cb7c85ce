/** The entry of the packed studio-web, which comes with its pages built. `build-pages.ts` is the repository's. */
import { fileURLToPath } from 'node:url';

/** The folder of the static files. */
export async function buildPages(_options: { onBuild?: () => void } = {}): Promise<string> {
  return fileURLToPath(new URL('../pages', import.meta.url));
}
