/** The project's documentation and comments keep to the writing rules that can be counted. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { checkComments } from './check-comments.ts';
import { checkProse, checkSubjects, type ProseProblem } from './check-prose.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Notes keep the words in which they were written. */
const LEFT_OUT = /(^|\/)(node_modules|dist|\.[^/]+)\/|^docs\/notes\/|^demo\//;

async function filesEndingIn(ending: RegExp): Promise<string[]> {
  const tops = ['', 'docs', 'bench', 'packages', 'tests', 'tools', 'examples'];
  const found = await Promise.all(
    tops.map(async (top) => {
      const entries = await readdir(`${ROOT}/${top}`, { recursive: top !== '' }).catch(() => []);
      return entries.map((entry) => (top === '' ? entry : `${top}/${entry}`));
    }),
  );
  return found.flat().filter((path) => ending.test(path) && !LEFT_OUT.test(path));
}

async function problemsOf(
  paths: readonly string[],
  check: (text: string, path: string) => readonly ProseProblem[],
): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const problems = check(await readFile(`${ROOT}/${path}`, 'utf8'), path);
      return problems.map(({ line, problem }) => `${path}:${line}: ${problem}`);
    }),
  );
  return found.flat();
}

it('finds long lines, long sentences and old words', () => {
  const long = Array.from({ length: 31 }, (_, i) => `w${i}`).join(' ');
  expect(checkProse(`# Title\n\nIt begins anew.\n${'x '.repeat(70)}\n\n- ${long}.\n`)).toEqual([
    { line: 3, problem: '"anew": write "again"' },
    { line: 3, problem: 'expected sentences of at most 30 words, got one of 70' },
    { line: 4, problem: 'expected at most 120 characters, got 140' },
    { line: 6, problem: 'expected sentences of at most 30 words, got one of 31' },
  ]);
  expect(
    checkProse(`    ${'code '.repeat(60)}\n| ${'cell '.repeat(60)} |\n\`\`\`\n${'x '.repeat(99)}\n\`\`\`\n`),
  ).toEqual([]);
});

it('finds sentences that begin with a pronoun', () => {
  expect(checkSubjects('A run ends.\n\n- It **ends**. They: see `It`.\n\n    It is code.\n')).toEqual([
    { line: 3, problem: '"It ..." begins a sentence: name the subject' },
    { line: 3, problem: '"They ..." begins a sentence: name the subject' },
  ]);
  const source = ['/**', ' * A run. Its name.', ' */', '// It is a plain comment.', 'export {};'].join('\n');
  expect(checkComments(source, 'page.ts', { namesSubjects: true })).toEqual([
    { line: 2, problem: '"Its ..." begins a sentence: name the subject' },
  ]);
});

it('finds no problem in the documentation', async () => {
  const paths = await filesEndingIn(/\.md$/);
  expect(paths.length).toBeGreaterThan(10);
  expect(await problemsOf(paths, (text) => [...checkProse(text), ...checkSubjects(text)])).toEqual([]);
});

it('finds comments, and not what only looks like one', () => {
  const long = 'long '.repeat(31);
  const source = [
    `const address = \`// nobody \${1 /* anew */} // nobody\`;`,
    `// Two lines of ${'word '.repeat(15)}`,
    `// make one sentence of ${'word '.repeat(15)}.`,
    'const pattern = /\\/\\*/; // whence',
    '/**',
    ` * ${long}`,
    ' */',
    `const text = '// ${long}';`,
    `const page = <p>// nobody</p>;`,
    `export {}; // ${'x'.repeat(60)} ${'x'.repeat(60)}`,
  ].join('\n');
  expect(checkComments(source, 'page.tsx')).toEqual([
    { line: 1, problem: '"anew": write "again"' },
    { line: 2, problem: 'expected sentences of at most 30 words, got one of 37' },
    { line: 4, problem: '"whence": write "so"' },
    { line: 6, problem: 'expected at most 120 characters, got 158' },
    { line: 6, problem: 'expected sentences of at most 30 words, got one of 31' },
    { line: 10, problem: 'expected at most 120 characters, got 135' },
  ]);
});

it('finds no problem in the comments of the code', async () => {
  const paths = (await filesEndingIn(/\.(ts|tsx|mjs)$/)).filter((path) => !path.includes('.generated.'));
  expect(paths.length).toBeGreaterThan(500);
  const namesSubjects = (path: string) => /^packages\/(?!.*\.test\.)/.test(path);
  const check = (text: string, path: string) => checkComments(text, path, { namesSubjects: namesSubjects(path) });
  expect(await problemsOf(paths, check)).toEqual([]);
});

it('lets README and architecture grow no longer than a page', async () => {
  for (const path of ['README.md', 'docs/architecture.md']) {
    const lines = (await readFile(`${ROOT}/${path}`, 'utf8')).split('\n').length;
    expect(lines, path).toBeLessThanOrEqual(150);
  }
});
