import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const IMPORT = /^(?:import|export)\s(?!type\s)[^'"]*?from '([^']+)'/gm;

// `heed --help` loads these files. A library of images, tensors or schemas among them costs it half a second.
it('starts without the libraries that the stages need', async () => {
  const packages = new Set<string>();
  const waiting = [fileURLToPath(new URL('./main.ts', import.meta.url))];
  const seen = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (!path.endsWith('.ts')) continue;
    for (const [, specifier] of (await readFile(path, 'utf8')).matchAll(IMPORT)) {
      const target = specifier!.startsWith('.') ? join(dirname(path), specifier!) : undefined;
      if (target === undefined) packages.add(specifier!);
      else if (!seen.has(target)) waiting.push(target);
      if (target !== undefined) seen.add(target);
    }
  }
  expect(seen.size).toBeGreaterThan(20);
  const outside = [...packages].filter((name) => !name.startsWith('node:')).sort();
  expect(outside).toEqual(['@heed/diffusion/errors', 'commander', 'picocolors']);
});
