#!/usr/bin/env node
// Starts the command line from its TypeScript sources, or from what the tests compiled of them. Holds no other logic.
import { pathToFileURL } from 'node:url';

const compiled = process.env.HEED_COMPILED;
if (compiled) await import(pathToFileURL(compiled).href);
else {
  const { register } = await import('tsx/esm/api');
  register();
  await import('../src/cli/main.ts');
}
