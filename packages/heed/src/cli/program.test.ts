// Help and mistakes of every command, without starting a process for each.
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { createProgram } from './program.ts';
import { formatError } from './show-error.ts';

const COMMANDS = [
  'init',
  'generate',
  'import',
  'label',
  'studio',
  'reward',
  'tune',
  'sample',
  'evaluate',
  'report',
  'export',
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
    [['export', 'everything'], 'Allowed choices are feedback, images, pairs, model.'],
    [['export'], "heed: missing required argument 'what'"],
    [['demo', '--scale', 'huge'], 'Allowed choices are small, paper.'],
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

  it('show their stack only when asked to', () => {
    expect(text(new Error('odd'))).toBe('heed: odd\n');
    expect(formatError(new Error('odd'), { json: false, debug: true })).toContain('program.test.ts');
  });
});
