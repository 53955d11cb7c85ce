// Long prompts are told once, with the longest; those that fit are not, whatever script they are in.
import { loadModel, StableDiffusionPipeline } from '@heed/diffusion';
import { TINY_MODEL_FOLDER } from '@heed/emoji-world';
import { afterAll, describe, expect, it } from 'vitest';
import { cutPromptsNote } from './cut-prompts.ts';

const pipeline = new StableDiffusionPipeline(await loadModel(TINY_MODEL_FOLDER), { threads: 1 });
afterAll(() => pipeline.dispose());

const noteOf = (...prompts: string[]) => cutPromptsNote(prompts, { reader: pipeline, name: 'the model' });
const words = (count: number) => Array.from({ length: count }, () => 'dog').join(' ');

describe('prompts that are cut', () => {
  it('are counted with the begin and end token', () => {
    const { maxTokens } = pipeline;
    expect(pipeline.countTokens(words(5))).toBe(7);
    expect(noteOf(words(maxTokens - 2))).toBeUndefined();
    expect(noteOf(words(maxTokens - 1), 'a dog')).toBe(
      `1 of 2 prompts is longer than the ${maxTokens} tokens that the model reads; it ignores the rest ('${words(15)} ...' has ${maxTokens + 1})`,
    );
  });

  it('are told once for all, the longest by name', () => {
    const note = noteOf(words(150), words(90), words(90), 'two cats');
    expect(note).toMatch(/^2 of 3 prompts are longer .* has 152\)$/);
  });
});
