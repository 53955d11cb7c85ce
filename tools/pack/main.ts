/**
 * `npm run pack [-- --out FOLDER] [--this-platform]`: makes the tarballs of all packages, ready for `npm publish` or
 * `npm install`. docs/packaging.md says what is in them and why.
 */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './folders.ts';
import { pack } from './pack.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'dist') },
    'this-platform': { type: 'boolean', default: false },
  },
});
const output = resolve(values.out);
// A folder that the user named may hold other files.
for (const made of ['compiled', 'staged', 'tarballs']) await rm(join(output, made), { recursive: true, force: true });
for (const { file, packedBytes, unpackedBytes } of await pack({ output, thisPlatform: values['this-platform'] })) {
  console.log(`${megabytes(packedBytes)} packed, ${megabytes(unpackedBytes)} unpacked  ${file}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1).padStart(6)} MB`;
}
