// The owner's guidelines: safe whatever is in them, examples by picture, a plain file.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import { exampleLine, parseGuidelines } from './parse-guidelines.ts';

describe('guidelines', () => {
  it('are headings, paragraphs, lists, quotes, code and words that stand out', () => {
    expect(parseGuidelines('# How\n\nMark **each** *image*.  \nUse `G`.\n\n1. one\n2. two\n\n> why\n\n---\n')).toEqual([
      { kind: 'heading', level: 1, children: [{ kind: 'text', text: 'How' }] },
      {
        kind: 'paragraph',
        children: [
          { kind: 'text', text: 'Mark ' },
          { kind: 'strong', children: [{ kind: 'text', text: 'each' }] },
          { kind: 'text', text: ' ' },
          { kind: 'emphasis', children: [{ kind: 'text', text: 'image' }] },
          { kind: 'text', text: '.' },
          { kind: 'break' },
          { kind: 'text', text: 'Use ' },
          { kind: 'code', text: 'G' },
          { kind: 'text', text: '.' },
        ],
      },
      {
        kind: 'list',
        isOrdered: true,
        items: ['one', 'two'].map((text) => [{ kind: 'paragraph', children: [{ kind: 'text', text }] }]),
      },
      { kind: 'quote', children: [{ kind: 'paragraph', children: [{ kind: 'text', text: 'why' }] }] },
      { kind: 'rule' },
    ]);
  });

  it('show images of the project as examples, and no others', () => {
    const image = '0123456789abcdef';
    const line = exampleLine({ verdict: 'bad', image, why: 'Say "no"\nhere' });
    expect(line).toBe(`![bad](images/01/${image}.png "Say ”no” here")`);
    expect(parseGuidelines(`Look: ${line}\n${exampleLine({ verdict: 'good', image, why: '' })}`)).toEqual([
      {
        kind: 'paragraph',
        children: [
          { kind: 'text', text: 'Look: ' },
          { kind: 'text', text: '\n' },
        ],
      },
      {
        kind: 'examples',
        examples: [
          { verdict: 'bad', image, why: 'Say ”no” here' },
          { verdict: 'good', image, why: '' },
        ],
      },
    ]);
    for (const other of [
      '![good](https://evil.example/x.png)',
      '![good](../../etc/passwd)',
      `![good](images/01/${image}.png/../x)`,
      '![good](images/01/0123.png)',
      `![constructor](images/01/${image}.png)`,
    ]) {
      expect([other, parseGuidelines(other)]).toEqual([other, []]);
    }
  });

  it('hold no HTML and no address but https', () => {
    const text = '<img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](https://example.org) <script>x</script>';
    const written = JSON.stringify(parseGuidelines(text));
    expect(written).not.toContain('"href":"javascript');
    expect(written).toContain('"href":"https://example.org"');
    // As words to be read.
    expect(written).toContain('<script>');
  });

  it('come out of any text, however deep', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => Array.isArray(parseGuidelines(text))),
    );
    for (const deep of ['>'.repeat(20_000), '- '.repeat(9000), '*'.repeat(19_999), '['.repeat(19_999)]) {
      expect(Array.isArray(parseGuidelines(deep))).toBe(true);
    }
  });
});

describe('the file', () => {
  let folder: string;
  let test: TestStudio;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heed-guidelines-'));
    test = await openTestStudio(await makeDrawnProject(join(folder, 'p'), { prompts: 1 }));
  });
  afterAll(async () => {
    await test.close();
    await rm(folder, { recursive: true });
  });
  const path = () => join(test.studio.project.folder, 'guidelines.md');
  const current = async () =>
    (await (await test.request('/api/guidelines/text', { token: test.owner })).json()) as {
      text: string;
      version: string;
    };

  it('is written by the owner and read by raters, by opaque names of pictures', async () => {
    const rater = await test.rater('r');
    const { version, text } = await current();
    expect(text).toBe('');
    const [image] = test.studio.images.current().all();
    const gone = exampleLine({ verdict: 'good', image: 'ffffffffffffffff', why: '' });
    const source = `Two birds.\n\n${exampleLine({ verdict: 'good', image: image!.id, why: 'Two' })}\n${gone}\n`;
    await test.post('/api/guidelines', { text: source, version }, test.owner);
    expect(await readFile(path(), 'utf8')).toBe(source);
    const { blocks } = (await (await test.request('/api/guidelines', { token: rater })).json()) as { blocks: object[] };
    const name = test.studio.images.nameOf(image!.id);
    expect(blocks.at(-1)).toEqual({ kind: 'examples', examples: [{ verdict: 'good', name, why: 'Two' }] });
    expect(JSON.stringify(blocks)).not.toContain(image!.id);
    for (const path of ['/api/guidelines/text']) {
      expect((await test.request(path, { token: rater })).status).toBe(404);
    }
    const asRater = await test.request('/api/guidelines', {
      method: 'POST',
      token: rater,
      body: { text: '', version },
    });
    expect(asRater.status).toBe(404);
  });

  it('that was changed by hand meanwhile is not overwritten', async () => {
    const { version } = await current();
    await writeFile(path(), 'By hand.\n');
    const response = await test.request('/api/guidelines', {
      method: 'POST',
      token: test.owner,
      body: { text: 'mine', version },
    });
    expect(response.status).toBe(409);
    expect(await readFile(path(), 'utf8')).toBe('By hand.\n');
    expect((await current()).text).toBe('By hand.\n');
  });
});
