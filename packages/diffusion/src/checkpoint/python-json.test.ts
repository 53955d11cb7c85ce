import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copySpellings, formatPythonJson, parsePythonJson, spellAsFloats } from './python-json.ts';

/** What a text becomes when it is read and written, on one line. */
const roundTrip = (text: string) => formatPythonJson(parsePythonJson(text)).replace(/\n\s*/g, ' ');

describe('numbers keep their kind', () => {
  test.each([
    ['{ "initializer_factor": 1.0, "layers": 12 }'],
    ['{ "eps": -0.0, "zero": 0.0, "scale": 1E5, "tiny": 1e-400, "huge": 1e400 }'],
    ['{ "seed": 12345678901234567890, "negative": -98765432109876543210 }'],
    ['{ "lambda_min_clipped": -Infinity, "top": Infinity, "none": NaN }'],
    ['[ 1.0, 2, [ 3.0, { "a": 4.00 } ] ]'],
    ['[ 0.1, 100.0, 1e+21 ]'],
  ])('%s', (text) => {
    expect(roundTrip(text)).toBe(text);
  });

  test('floats in scientific spelling stay floats', () => {
    for (const text of ['1e-05', '1e-7', '2.5e20', '1E21', '1e22']) expect(roundTrip(`[${text}]`)).toMatch(/[.e]|E/);
    expect(parsePythonJson('[1e-05]')).toEqual([1e-5]);
  });

  test('through a spread, but not through another value', () => {
    const config = parsePythonJson('{"factor": 1.0, "nested": {"dropout": 0.0}}') as Record<string, unknown>;
    expect(formatPythonJson({ ...config, more: true })).toContain('"factor": 1.0');
    expect(formatPythonJson({ ...config })).toContain('"dropout": 0.0');
    expect(formatPythonJson({ ...config, factor: 2 })).toContain('"factor": 2,');
  });

  test('through a parse that makes new objects', () => {
    const from = parsePythonJson('{"a": 1.0, "b": {"c": [2.0, 3]}, "gone": 4.0}');
    const to = { a: 1, b: { c: [2, 3] }, added: 5 };
    copySpellings(from, to);
    expect(formatPythonJson(to).replace(/\n\s*/g, ' ')).toBe('{ "a": 1.0, "b": { "c": [ 2.0, 3 ] }, "added": 5 }');
  });

  test('whole numbers become floats where asked, in no copy', () => {
    const config = { factor: 1, range: 0.02, layers: 2 };
    const copy = { ...config };
    spellAsFloats(copy, ['factor', 'range', 'absent']);
    expect(formatPythonJson(copy)).toBe('{\n  "factor": 1.0,\n  "range": 0.02,\n  "layers": 2\n}');
    expect(formatPythonJson(config)).toContain('"factor": 1,');
  });
});

test('agrees with JSON.parse on every JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const value = parsePythonJson(text);
      expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
      expect(JSON.stringify(parsePythonJson(formatPythonJson(value)))).toBe(JSON.stringify(value));
    }),
  );
});

test('a key __proto__ is a key', () => {
  const value = parsePythonJson('{"__proto__": {"polluted": 1.0}}') as object;
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect((value as { polluted?: unknown }).polluted).toBeUndefined();
  expect(formatPythonJson(value)).toContain('"__proto__": {');
});

test.each([
  ['root:x:0:0:root:/root:/bin/bash\nsecret', /^expected a value, got something else \(line 1, column 1\)$/],
  ['{\n  "secret": secret\n}', /line 2, column 13/],
  ['{"secret" 1}', /expected a colon/],
  ['{"secret": 1,}', /expected a key/],
  ['{secret: 1}', /expected a key/],
  ['[1 2]', /expected a comma or "\]"/],
  ['"secret', /expected the end of a string, got the end of the text/],
  ['"secret\\x"', /expected a string without errors/],
  ['"secret\n"', /expected a string without errors/],
  ['{} secret', /expected the end/],
  ['[01]', /expected a comma/],
  ['[.5]', /expected a value/],
  ['[-]', /expected a value/],
  ['', /expected a value, got the end of the text/],
])('refuses %j and tells nothing of it', (text, message) => {
  expect(() => parsePythonJson(text)).toThrow(message);
  expect(() => parsePythonJson(text)).not.toThrow(/secret|root/);
});

test('refuses a text that is too deep', () => {
  expect(() => parsePythonJson('['.repeat(100_000))).toThrow(/at most 128 levels/);
});

test('many floats take linear time', () => {
  const text = `[${Array.from({ length: 200_000 }, () => '1.0').join(',')}]`;
  const start = performance.now();
  expect(formatPythonJson(parsePythonJson(text)).length).toBeGreaterThan(200_000 * 3);
  expect(performance.now() - start).toBeLessThan(5_000);
});
