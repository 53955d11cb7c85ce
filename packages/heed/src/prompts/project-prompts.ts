/** The prompts that a project's config names: the paper's or a file's, whole or a part. */
import { PAPER_EVALUATION_PROMPTS, PAPER_PROMPTS } from '../config/index.ts';
import { type Project, resolveInProject } from '../project/project.ts';
import { evaluationPrompts } from './evaluation-prompts.ts';
import type { Prompt } from './prompt.ts';
import { readPromptsFile } from './prompts-file.ts';
import { selectPrompts } from './select.ts';
import { PAPER_IMAGES_PER_PROMPT, trainingPrompts } from './training-prompts.ts';

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
  return project.config.generate.imagesPerPrompt || PAPER_IMAGES_PER_PROMPT[prompt.category];
}

async function namedPrompts(project: Project, name: string): Promise<Prompt[]> {
  if (name === PAPER_PROMPTS) return trainingPrompts();
  if (name === PAPER_EVALUATION_PROMPTS) return evaluationPrompts();
  return readPromptsFile(resolveInProject(project, name));
}
