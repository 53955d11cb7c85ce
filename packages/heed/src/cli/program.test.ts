// Help and mistakes of every command, without starting a process for each.
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { atPlace, badInput, HeedError, InputError, REPORT_REQUEST, tellError } from '../errors.ts';
import { createProgram } from './program.ts';
import { formatError } from './show-error.ts';

const COMMANDS = [
  'init',
  'generate',
  'import',
  'label',
  'studio',
  'reward',
  'next',
  'tune',
  'sample',
  'try',
  'evaluate',
  'report',
  'export',
  'compare-methods',
  'loop',
  'status',
  'demo',
  'doctor',
];

async function parse(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const program = createProgram();
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode, out, err };
    throw error;
  }
  return { exitCode: 0, out, err };
}

describe('help', () => {
  it('lists every command, and the exit codes', async () => {
    const { exitCode, out, err } = await parse('--help');
    expect([exitCode, err]).toEqual([0, '']);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    expect(out).toContain('Exit codes: 0 done, 1 failed, 2 bad input');
  });

  it.each(COMMANDS)('of %s has examples and --json', async (command) => {
    const { exitCode, out, err } = await parse(command, '--help');
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`Examples:\\n  \\$ heed ${command}`));
    expect(out).toContain('--json');
  });

  it('has the version', async () => {
    expect(await parse('--version')).toEqual({ exitCode: 0, out: '0.1.0\n', err: '' });
  });
});

describe('a mistake in the arguments', () => {
  const cases: [args: string[], err: string][] = [
    [['tunee'], "heed: unknown command 'tunee'\n(Did you mean tune?)"],
    [['tune', '--stepz', '5'], "heed: unknown option '--stepz'"],
    [['tune', 'now'], "heed: too many arguments for 'tune'. Expected 0 arguments but got 1"],
    [['tune', '--set'], "heed: option '--set <key=value>' argument missing"],
    [['sample', '--count', 'many'], "argument 'many' is invalid. Expected a whole number of at least 1."],
    [['sample', '--count', '0'], "argument '0' is invalid. Expected a whole number of at least 1."],
    [['sample', '--seed', '1.5'], "argument '1.5' is invalid. Expected a whole number of at least 0."],
    [['export', 'everything'], 'Allowed choices are feedback, images, comparisons, pairs, model.'],
    [['export'], "heed: missing required argument 'what'"],
    [['demo', '--scale', 'huge'], 'Allowed choices are tiny, small, paper.'],
  ];
  it.each(cases)('%j', async (args, message) => {
    const { exitCode, out, err } = await parse(...args);
    expect(exitCode).toBeGreaterThan(0);
    expect(out).toBe('');
    expect(err).toContain(message);
  });
});

describe('errors of the work', () => {
  const text = (error: unknown, json = false) => formatError(error, { json, debug: false });

  it('are a sentence, with the exit code for machines', () => {
    const error = new HeedError('no model', { exitCode: 2 });
    expect(text(error)).toBe('heed: no model\n');
    expect(JSON.parse(text(error, true))).toEqual({ error: 'no model', exitCode: 2 });
  });

  it('of the system are told in words', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(text(full)).toBe('heed: no space is left on the disk\n');
    const denied = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/x' });
    expect(text(denied)).toBe('heed: permission to a file or folder is missing: /x\n');
  });

  it('by Ctrl-C are no errors of anybody', () => {
    const abort = new DOMException('This operation was aborted', 'AbortError');
    expect(JSON.parse(text(abort, true))).toEqual({ error: 'stopped', exitCode: 130 });
  });

  it('are bad input where another package found it', () => {
    const error = new InputError('expected a model, got a cat');
    expect(text(error)).toBe('heed: expected a model, got a cat\n');
    expect(JSON.parse(text(error, true))).toEqual({ error: 'expected a model, got a cat', exitCode: 2 });
  });

  it('show their stack only when asked to', () => {
    expect(text(badInput('odd'))).toBe('heed: odd\n');
    expect(formatError(badInput('odd'), { json: false, debug: true })).toContain('program.test.ts');
  });

  it('are defects where no part of heed foresaw them, and ask for a report', () => {
    const defect = new TypeError('x is not a function', { cause: new Error('below') });
    const lines = text(defect).split('\n');
    expect(lines[0]).toBe('heed: x is not a function');
    expect(lines.slice(-2)).toEqual([REPORT_REQUEST, '']);
    expect(text(defect)).toContain('program.test.ts');
    expect(text(defect)).toContain('caused by: Error: below');
    const told = JSON.parse(text(defect, true));
    expect(told).toMatchObject({ error: 'x is not a function', exitCode: 1, defect: true });
    expect(told.stack).toContain('program.test.ts');
  });

  it('are failures of the system also where a library wraps them', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      address: '::1',
      port: 5432,
    });
    const wrapped = new TypeError('fetch failed', { cause: refused });
    expect(text(wrapped)).toBe('heed: the other side refuses connections: ::1:5432\n');
    const cut = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(text(new Error('Failed query: select', { cause: cut }))).toBe('heed: the other side cut the connection\n');
    const stopped = Object.assign(new Error('terminating connection'), { code: '57P01', severity: 'FATAL' });
    expect(text(new Error('Failed query: select', { cause: stopped }))).toBe(
      'heed: the database failed: terminating connection\n',
    );
    const mistaken = Object.assign(new Error('syntax error'), { code: '42601', severity: 'ERROR' });
    expect(text(mistaken)).toContain(REPORT_REQUEST);
    expect(text(new RangeError('Array buffer allocation failed'))).toBe('heed: memory ran out\n');
    expect(text(new RangeError('Maximum call stack size exceeded'))).toContain(REPORT_REQUEST);
  });

  it('keep their kind where a reader puts the place before them', () => {
    expect(tellError(atPlace('a.csv, line 2', new InputError('expected a cat')))).toEqual({
      message: 'a.csv, line 2: expected a cat',
      exitCode: 2,
      isDefect: false,
    });
    const defect = new TypeError('undefined');
    expect(atPlace('a.csv, line 2', defect)).toBe(defect);
    const named = badInput('b.csv: expected a dog');
    expect(atPlace('a.csv, line 2', named)).toBe(named);
  });
});
