/** The package @heed/studio-web: the studio's pages, built, with the licences of what is bundled into them. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writePages } from '../../packages/studio-web/build/build-pages.ts';

/** Packages whose code is in the built pages. */
const BUNDLED = ['hono', 'react', 'react-dom', 'scheduler', 'uqr'];

/** Writes pages and entry into `folder`. `compiled` holds the compiled `shipped-pages`. */
export async function stagePages({ compiled, folder }: { compiled: string; folder: string }): Promise<void> {
  await mkdir(join(folder, 'dist'), { recursive: true });
  await writePages(join(folder, 'pages'));
  for (const end of ['d.ts', 'js', 'js.map']) {
    await cp(join(compiled, `shipped-pages.${end}`), join(folder, 'dist', `shipped-pages.${end}`));
  }
  const licences = await Promise.all(BUNDLED.map(licenceOf));
  await writeFile(join(folder, 'THIRD-PARTY-LICENCES.txt'), licences.join('\n'));
}

async function licenceOf(name: string): Promise<string> {
  const resolve = createRequire(import.meta.url).resolve;
  let folder = dirname(resolve(name));
  // The entry may lie deeper than package.json, which not every package exports.
  while (JSON.parse(await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}')).name !== name) {
    if (folder === dirname(folder)) throw new Error(`${name}: expected a package.json above its entry, found none`);
    folder = dirname(folder);
  }
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  return `${name} ${version}\n\n${await readFile(join(folder, 'LICENSE'), 'utf8')}`;
}
