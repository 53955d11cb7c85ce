// No install script runs at `npm ci`: npm 11 reads allowScripts of package.json, older ones ignore-scripts of .npmrc.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const read = (name: string) => readFile(new URL(`../${name}`, import.meta.url), 'utf8');

test('every package with an install script is named in allowScripts, and none may run', async () => {
  const lock = JSON.parse(await read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean; os?: string[] }>;
  };
  const { allowScripts } = JSON.parse(await read('package.json')) as { allowScripts: Record<string, boolean> };
  const withScript = Object.entries(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    .filter((name) => name !== 'fsevents');
  expect([...new Set(withScript)].sort()).toEqual(Object.keys(allowScripts).sort());
  expect(Object.values(allowScripts)).not.toContain(true);
  expect(await read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});
