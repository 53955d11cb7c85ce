// The settings: what a new project gets, overrides, and the sentence for each way of getting one wrong.
import fc from 'fast-check';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import {
  checkConfig,
  commentedConfig,
  configJsonSchema,
  configSections,
  parseConfig,
  resolvedConfig,
} from './index.ts';

const source = 'heed.toml';
const defaults = checkConfig({}, source);

describe('heed.toml', () => {
  it('has a sentence and a default for every key and section', () => {
    const sections = configSections();
    expect(sections.map(({ name }) => name)).toEqual([
      '',
      'model',
      'generate',
      'label',
      'studio',
      'reward',
      'tune',
      'tune.watch',
      'tune.dpo',
      'tune.nft',
      'tune.kto',
      'tune.bestOfN',
      'tune.likelihood',
      'sample',
      'evaluate',
    ]);
    for (const { name, description, keys } of sections) {
      if (name !== '') expect(description, name).toMatch(/\.$/);
      for (const key of keys) {
        expect(key.description, key.path).toMatch(/^[A-Z`].*\.$/);
        expect(key.defaultValue, key.path).toBeDefined();
      }
    }
  });

  it('as written for a new project means the defaults', () => {
    expect(parseConfig(commentedConfig(), { source })).toEqual(defaults);
  });

  it('with every comment mark of a default taken away still means the defaults', () => {
    const uncommented = commentedConfig().replace(/^# ([A-Za-z]+ = )/gm, '$1');
    expect(Object.keys((parseToml(uncommented).tune ?? {}) as object).length).toBeGreaterThan(15);
    expect(parseConfig(uncommented, { source })).toEqual(defaults);
  });

  it('holds the settings of `heed init --set`', () => {
    const text = commentedConfig({ 'tune.beta': 0.5, seed: 3, 'model.path': 'my "model"\\' });
    const config = parseConfig(text, { source });
    expect([config.tune.beta, config.seed, config.model.path]).toEqual([0.5, 3, 'my "model"\\']);
  });

  it('is written out whole beside a run and read back the same', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          tune: fc.record({
            beta: fc.double({ min: 0, max: 1e6, noNaN: true }),
            learningRate: fc.double({ min: 1e-12, max: 1, noNaN: true }),
            humanData: fc.boolean(),
            samplePrompts: fc.array(fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => s.isWellFormed())),
          }),
          model: fc.record({ path: fc.string({ unit: 'binary', minLength: 1 }).filter((s) => s.isWellFormed()) }),
        }),
        (values) => {
          const config = checkConfig(values, source);
          expect(parseConfig(resolvedConfig(config, { command: 'tune' }), { source })).toEqual(config);
        },
      ),
    );
  });

  it('has a JSON Schema that knows every key', () => {
    const schema = configJsonSchema();
    for (const { keys } of configSections()) {
      for (const { path } of keys) {
        expect(schema).toHaveProperty(path.split('.').flatMap((key) => ['properties', key]));
      }
    }
  });
});

describe('--set', () => {
  it('goes before the file, takes texts without quotes, and the last one counts', () => {
    const config = parseConfig('[tune]\nbeta = 2\nsteps = 5\n', {
      source,
      overrides: [
        'tune.beta=0.25',
        'sample.sampler=ddim',
        'seed=1',
        'seed=2',
        'tune.humanData=false',
        'tune.samplePrompts=["a", "b"]',
        'tune.dpo.beta=2000',
        'tune.dpo.safeguard=false',
      ],
    });
    expect(config.tune.dpo).toMatchObject({ beta: 2000, safeguard: false, safeguardMargin: 0 });
    expect(config.tune).toMatchObject({ beta: 0.25, steps: 5, humanData: false, samplePrompts: ['a', 'b'] });
    expect([config.sample.sampler, config.seed]).toEqual(['ddim', 2]);
  });
});

describe('broken settings', () => {
  const cases: [name: string, text: string, overrides: string[], sentence: string | RegExp][] = [
    ['unknown section', '[tun]\nbeta = 1', [], "heed.toml: unknown section 'tun'; did you mean 'tune'?"],
    [
      'unknown key',
      '[tune]\nlerningRate = 1',
      [],
      "heed.toml: unknown key 'tune.lerningRate'; did you mean 'learningRate'?",
    ],
    ['unknown top-level key', 'sed = 1', [], "heed.toml: unknown key 'sed'; did you mean 'seed'?"],
    [
      'key like none',
      '[label]\nzzzzzzzz = 1',
      [],
      "heed.toml: unknown key 'label.zzzzzzzz', expected one of kind, imagesPerQuery, ratersPerQuery, simulatedRaters, practiceQueries, goldShare, repeatShare, minAnswerMs, queriesPerRater, completionCode, completionUrl",
    ],
    ['text for a number', '[tune]\nbeta = "1"', [], "heed.toml: tune.beta must be a number, got '1'"],
    ['fraction for a whole number', 'seed = 1.5', [], 'heed.toml: seed must be a whole number, got 1.5'],
    ['below the minimum', '[tune]\nbeta = -1', [], 'heed.toml: tune.beta must be at least 0, got -1'],
    ['not above the minimum', '[tune]\nlearningRate = 0', [], 'heed.toml: tune.learningRate must be above 0, got 0'],
    [
      'too few for a distance',
      '[evaluate]\nfidelityImages = 3',
      [],
      'heed.toml: evaluate.fidelityImages must be 0 or at least 16, got 3',
    ],
    ['above the maximum', '[sample]\nsteps = 1001', [], 'heed.toml: sample.steps must be at most 1000, got 1001'],
    ['not below the maximum', '[tune]\nema = 1', [], 'heed.toml: tune.ema must be below 1, got 1'],
    ['infinity', '[tune]\nbeta = inf', [], 'heed.toml: tune.beta must be a number, got Infinity'],
    ['not a number', '[tune]\nbeta = nan', [], 'heed.toml: tune.beta must be a number, got NaN'],
    [
      'unknown choice',
      '[sample]\nsampler = "heun"',
      [],
      "heed.toml: sample.sampler must be one of ddim, ddpm, dpmpp_2m, dpmpp_2m_karras, euler, euler_a, pndm, got 'heun'",
    ],
    ['number for a truth value', '[tune]\nhumanData = 1', [], 'heed.toml: tune.humanData must be true or false, got 1'],
    ['text for a list', '[tune]\nsamplePrompts = "x"', [], "heed.toml: tune.samplePrompts must be a list, got 'x'"],
    [
      'number in a list of texts',
      '[tune]\nsamplePrompts = [1]',
      [],
      'heed.toml: tune.samplePrompts.0 must be a text in quotes, got 1',
    ],
    [
      'empty text',
      '[generate]\nprompts = ""',
      [],
      "heed.toml: generate.prompts must be a text that is not empty, got ''",
    ],
    ['value for a section', 'tune = 1', [], 'heed.toml: tune must be a section, got 1'],
    ['section for a value', '[seed]\nx = 1', [], 'heed.toml: seed must be a number, got a section'],
    ['date for a number', 'seed = 2026-01-01', [], 'heed.toml: seed must be a number, got a date'],
    [
      'name with a slash',
      '[model]\nname = "../x"',
      [],
      "heed.toml: model.name must be a name of letters, digits, dots, dashes and underscores, got '../x'",
    ],
    ['torn file', '[tune]\nbeta = ', [], /^heed\.toml, line 2: expected TOML, got a mistake in it \(.+\)$/],
    ['key given twice', 'seed = 1\nseed = 2', [], /^heed\.toml, line 2: expected TOML, got a mistake in it \(.+\)$/],
    ['number out of range', 'seed = 99999999999999999999', [], /^heed\.toml, line 1: expected TOML/],
    [
      'override without a value',
      '',
      ['tune.beta'],
      "--set must be given key=value or section.key=value, got 'tune.beta'",
    ],
    [
      'override four levels deep',
      '',
      ['a.b.c.d=1'],
      "--set must be given key=value or section.key=value, got 'a.b.c.d=1'",
    ],
    [
      'unknown key of a method',
      '',
      ['tune.dpo.bata=1'],
      "heed.toml: unknown key 'tune.dpo.bata'; did you mean 'beta'?",
    ],
    [
      'beta of a method that is no number',
      '[tune.dpo]\nbeta = "much"',
      [],
      "heed.toml: tune.dpo.beta must be 'auto' or a number above 0, got 'much'",
    ],
    ['negative beta of a method', '', ['tune.kto.beta=-1'], 'heed.toml: tune.kto.beta must be above 0, got -1'],
    [
      'override inside a value of a section',
      '',
      ['tune.steps=1', 'tune.steps.x=1'],
      '--set: tune.steps is not a section',
    ],
    [
      'unknown method',
      '[tune]\nmethod = "ppo"',
      [],
      "heed.toml: tune.method must be one of reward-weighted, dpo, nft, kto, best-of-n, likelihood, got 'ppo'",
    ],
    ['override of an unknown key', '', ['tune.bata=1'], "heed.toml: unknown key 'tune.bata'; did you mean 'beta'?"],
    ['override inside a value', 'seed = 1', ['seed.x=1'], '--set: seed is not a section'],
    [
      'override that reaches for the prototype',
      '',
      ['__proto__.x=1'],
      "--set must be given key=value or section.key=value, got '__proto__.x=1'",
    ],
  ];
  it.each(cases)('%s', (_, text, overrides, sentence) => {
    const error = errorOf(() => parseConfig(text, { source, overrides }));
    expect(error).toBeInstanceOf(HeedError);
    expect((error as HeedError).exitCode).toBe(2);
    expect((error as HeedError).message).not.toMatch(/\n/);
    expect((error as HeedError).message).toMatch(
      typeof sentence === 'string' ? new RegExp(`^${escapePattern(sentence)}$`) : sentence,
    );
  });

  it('never end in anything but a sentence, whatever the text', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '[tune]',
        '[',
        'seed = 1',
        'beta = "x"',
        '[sample]',
        'steps = []',
        '"a.b" = {c = 1}',
        '[[model]]',
        '[constructor]',
        '[__proto__]',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        const error = errorOf(() => parseConfig(lines.join('\n'), { source }));
        if (error !== undefined) expect(error).toBeInstanceOf(HeedError);
      }),
      { numRuns: 500 },
    );
  });
});

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
