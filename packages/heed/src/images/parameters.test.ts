// The recipe for other programs, read as A1111 and Civitai read it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { formatParameters, parseParameters } from './parameters.ts';

const recipe = {
  prompt: 'Two dogs.',
  seed: 7,
  model: 'base',
  sampler: 'dpmpp_2m',
  steps: 20,
  guidanceScale: 3,
  width: 64,
  height: 48,
};
const modelFile = {
  fileName: 'v1-5-pruned.safetensors',
  sha256: '6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa',
};
const textArbitrary = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => text.isWellFormed());

/**
 * The last line as `parse_generation_parameters` of A1111 1.10 takes it apart (modules/infotext_utils.py, `re_param`).
 */
function readAsA1111(text: string): Record<string, string> {
  const pairs = text
    .split('\n')
    .at(-1)!
    .matchAll(/\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name!, value!]));
}

describe('parameters text', () => {
  it('is the one that A1111 writes', () => {
    expect(formatParameters(recipe, { modelFile })).toBe(
      `Two dogs.\nSteps: 20, Sampler: DPM++ 2M, Schedule type: Uniform, CFG scale: 3, Seed: 7, Size: 64x48, Model hash: 6ce0161689, Model: v1-5-pruned, Version: heed ${packageJson.version}`,
    );
  });

  it('tells no hash that is not one of a file', () => {
    expect(readAsA1111(formatParameters(recipe))).toEqual({
      Steps: '20',
      Sampler: 'DPM++ 2M',
      'Schedule type': 'Uniform',
      'CFG scale': '3',
      Seed: '7',
      Size: '64x48',
      Model: 'base',
      Version: `heed ${packageJson.version}`,
    });
  });

  it.each([
    ['ddim', 'DDIM', 'Automatic', undefined],
    // DDIM with eta 1 is DDPM; a sampler called DDPM would be pasted as the first of A1111's list.
    ['ddpm', 'DDIM', 'Automatic', '1'],
    ['dpmpp_2m', 'DPM++ 2M', 'Uniform', undefined],
    ['dpmpp_2m_karras', 'DPM++ 2M', 'Karras', undefined],
    ['euler', 'Euler', 'Uniform', undefined],
    ['euler_a', 'Euler a', 'Uniform', undefined],
    ['pndm', 'PLMS', 'Automatic', undefined],
    ['a sampler of later', 'a sampler of later', undefined, undefined],
  ])('names the sampler %s as A1111 does', (sampler, name, schedule, eta) => {
    const text = formatParameters({ ...recipe, sampler });
    const found = readAsA1111(text);
    expect([found.Sampler, found['Schedule type'], found['Eta DDIM']]).toEqual([name, schedule, eta]);
    expect(parseParameters(text).sampler).toBe(sampler);
  });

  it('keeps a name of a file from ending a value', () => {
    const fileName = 'my: "model", v2\\x.ckpt';
    expect(readAsA1111(formatParameters(recipe, { modelFile: { ...modelFile, fileName } }))).toMatchObject({
      Model: 'my_ _model__ v2_x',
      'Model hash': '6ce0161689',
    });
  });

  it('is read back', () => {
    fc.assert(
      fc.property(
        textArbitrary,
        fc.nat(),
        fc.integer({ min: 1, max: 999 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.constantFrom('ddim', 'ddpm', 'dpmpp_2m', 'dpmpp_2m_karras', 'euler', 'euler_a', 'pndm'),
        (prompt, seed, steps, scale, sampler) => {
          const written = { ...recipe, prompt, seed, steps, guidanceScale: scale + 0, sampler };
          expect(parseParameters(formatParameters(written))).toEqual(written);
          expect(parseParameters(formatParameters(written, { modelFile }))).toEqual({
            ...written,
            model: 'v1-5-pruned',
            modelHash: '6ce0161689',
          });
        },
      ),
    );
  });

  it('is read as heed wrote it before', () => {
    const earlier = (sampler: string) =>
      parseParameters(
        `Two dogs.\nSteps: 20, Sampler: ${sampler}, CFG scale: 3, Seed: 7, Size: 64x48, Model hash: 0123456789abcdef, Model: base`,
      );
    expect(earlier('DPM++ 2M')).toEqual({ ...recipe, modelHash: '0123456789abcdef' });
    expect(['DDPM', 'DPM++ 2M Karras', 'PLMS', 'Euler a', 'DDIM'].map((name) => earlier(name).sampler)).toEqual([
      'ddpm',
      'dpmpp_2m_karras',
      'pndm',
      'euler_a',
      'ddim',
    ]);
  });
});
