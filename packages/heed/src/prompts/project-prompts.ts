/** The prompts that a project's config names: the paper's or a file's, whole or a part. */
import { PAPER_EVALUATION_PROMPTS, PAPER_PROMPTS } from '../config/index.ts';
import { paperPrompts, worldOf } from '../parts.ts';
import { type Project, resolveInProject } from '../project/project.ts';
import type { Prompt } from './prompt.ts';
import { readPromptsFile } from './prompts-file.ts';
import { selectPrompts } from './select.ts';

/** Images of each training prompt of a category in the paper: its table 2 counts 27,528 of the 2,774 prompts. */
export const PAPER_IMAGES_PER_PROMPT: Readonly<Record<string, number>> = {
  count: 60,
  colour: 60,
  background: 30,
  combination: 6,
};
const IMAGES_PER_OTHER_PROMPT = 6;

/** The prompts of `heed generate`. */
export async function projectTrainingPrompts(project: Project): Promise<Prompt[]> {
  const { prompts, promptLimit } = project.config.generate;
  return selectPrompts(await namedPrompts(project, prompts), promptLimit);
}

/** The prompts of `heed evaluate`. */
export async function projectEvaluationPrompts(project: Project): Promise<Prompt[]> {
  const { prompts, promptLimit } = project.config.evaluate;
  return selectPrompts(await namedPrompts(project, prompts), promptLimit);
}

/** How many images `heed generate` draws of a prompt. */
export function imagesPerPrompt(project: Project, prompt: Prompt): number {
  return (
    project.config.generate.imagesPerPrompt || (PAPER_IMAGES_PER_PROMPT[prompt.category] ?? IMAGES_PER_OTHER_PROMPT)
  );
}

async function namedPrompts(project: Project, name: string): Promise<Prompt[]> {
  if (name === PAPER_PROMPTS) return (await paperPrompts()).training();
  if (name === PAPER_EVALUATION_PROMPTS) return (await paperPrompts()).evaluation();
  return readPromptsFile(resolveInProject(project, name), await worldOf(project.config));
}
