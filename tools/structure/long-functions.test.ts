/** No function of the project has more lines than a reader takes in at once. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../pack/folders.ts';
import { findLongFunctions } from './long-functions.ts';

const MAX_LINES = 100;
const FOLDERS = ['packages', 'tools', 'bench', 'examples', 'tests'];

it('finds functions of each kind, the inner ones too', () => {
  const lines = (count: number) => 'x();\n'.repeat(count);
  const source = `function short() {\n${lines(8)}}
const arrow = () => {\n${lines(9)}};
class Box {\n  method() {\n${lines(9)}  }\n}
function outer() {\n  return () => {\n${lines(9)}  };\n}\n`;
  expect(findLongFunctions('a.ts', source, { maxLines: 10 })).toEqual([
    { line: 11, name: 'arrow', lines: 11 },
    { line: 23, name: 'method', lines: 11 },
    { line: 35, name: 'outer', lines: 13 },
    { line: 36, name: 'a function without a name', lines: 11 },
  ]);
});

it(`finds no function over ${MAX_LINES} lines`, async () => {
  const found: string[] = [];
  let files = 0;
  for (const folder of FOLDERS) {
    for (const name of await readdir(join(ROOT, folder), { recursive: true })) {
      const path = `${folder}/${name}`;
      if (!/\.tsx?$/.test(name) || /node_modules|\.test\.|\.d\.|\.generated\.|^packages\/[^/]+\/dist/.test(path))
        continue;
      files += 1;
      for (const { line, name: fn, lines } of findLongFunctions(path, await readFile(join(ROOT, path), 'utf8'), {
        maxLines: MAX_LINES,
      })) {
        found.push(`${path}:${line}: ${fn} has ${lines} lines`);
      }
    }
  }
  expect(files).toBeGreaterThan(500);
  expect(found).toEqual([]);
});
