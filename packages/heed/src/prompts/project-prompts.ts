/** Reads the prompts that a project's settings name, and splits the prompts into training and evaluation prompts. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { HELD_OUT_PROMPTS, PAPER_EVALUATION_PROMPTS, PAPER_PROMPTS } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { paperPrompts, worldOf } from '../parts.ts';
import type { ListedPrompt } from '../ports.ts';
import { type Project, resolveInProject } from '../project/project.ts';
import { shareHeldOut } from './holdout.ts';
import type { Prompt } from './prompt.ts';
import { readPromptsFile } from './prompts-file.ts';
import { selectPrompts } from './select.ts';

/**
 * Number of images of each training prompt by category, as in the paper, whose table 2 lists 27,528 images of 2,774
 * prompts.
 */
export const PAPER_IMAGES_PER_PROMPT: Readonly<Record<string, number>> = {
  count: 60,
  colour: 60,
  background: 30,
  combination: 6,
};
const IMAGES_PER_OTHER_PROMPT = 6;

/** A project's prompts before limits apply. */
export interface ProjectPrompts {
  readonly learning: readonly Prompt[];
  readonly evaluation: readonly Prompt[];
  /** How many training-list prompts are held out, and why; undefined when no prompt is held out. */
  readonly heldOutBy?: { readonly prompts: number; readonly why: string } | undefined;
}

/** Returns the training prompts, for which `heed generate` draws images. Held-out prompts are left out. */
export async function projectTrainingPrompts(project: Project): Promise<Prompt[]> {
  const { learning } = await projectPrompts(project);
  const { prompts, promptLimit } = project.config.generate;
  if (learning.length === 0) {
    throw badInput(
      `expected prompts to learn from, got none: all of ${prompts} are held out (a column holdout or split, or evaluate.prompts)`,
    );
  }
  return selectPrompts(learning, promptLimit);
}

/** Returns the evaluation prompts, for which `heed evaluate` draws images. */
export async function projectEvaluationPrompts(project: Project): Promise<Prompt[]> {
  const { evaluation } = await projectPrompts(project);
  const { generate, evaluate } = project.config;
  if (evaluation.length === 0) {
    throw badInput(
      `expected prompts to evaluate on, got none: ${generate.prompts} holds none out; name a list with evaluate.prompts, or a larger evaluate.holdoutShare than ${evaluate.holdoutShare}`,
    );
  }
  return selectPrompts(evaluation, evaluate.promptLimit);
}

/**
 * Reads all prompts of the project. The setting `evaluate.prompts` decides which prompts are held out; without it, a
 * column of the list decides; without both, `evaluate.holdoutShare`. `evaluation-prompts.txt` adds evaluation prompts;
 * a prompt in that file that is already a training prompt remains a training prompt.
 */
export async function projectPrompts(project: Project): Promise<ProjectPrompts> {
  const { learning, evaluation, heldOutBy } = await partedPrompts(project);
  const learned = new Set(learning.map(({ text }) => text));
  const known = new Set(evaluation.map(({ text }) => text));
  const added = (await addedEvaluationPrompts(project)).filter(({ text }) => !known.has(text));
  return {
    learning,
    evaluation: [...evaluation, ...added.map((prompt) => ({ ...prompt, holdout: !learned.has(prompt.text) }))],
    ...(heldOutBy === undefined ? {} : { heldOutBy }),
  };
}

/** Path of the file with added evaluation prompts, one a line. */
export function addedPromptsPath({ folder }: Project): string {
  return join(folder, 'evaluation-prompts.txt');
}

async function addedEvaluationPrompts(project: Project): Promise<ListedPrompt[]> {
  const path = addedPromptsPath(project);
  return existsSync(path) ? readPromptsFile(path, await worldOf(project.config)) : [];
}

/** Adds a prompt to the file, durably; returns false when the file already has the prompt. */
export async function addEvaluationPrompt(project: Project, text: string): Promise<boolean> {
  if ((await projectPrompts(project)).evaluation.some((prompt) => prompt.text === text)) return false;
  const path = addedPromptsPath(project);
  const before = existsSync(path) ? await readFile(path, 'utf8') : '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await writeFileAtomically(path, `${before}${gap}${text}\n`);
  return true;
}

async function partedPrompts(project: Project): Promise<ProjectPrompts> {
  const { generate, evaluate } = project.config;
  const listed = await namedPrompts(project, generate.prompts);
  if (hasEvaluationList(project)) {
    return partByEvaluationList(listed, await namedPrompts(project, evaluate.prompts));
  }
  if (generate.prompts === PAPER_PROMPTS) {
    return partByEvaluationList(listed, await namedPrompts(project, PAPER_EVALUATION_PROMPTS));
  }
  const says = listed.some(({ holdout }) => holdout !== undefined);
  const shared = says
    ? new Set<string>()
    : shareHeldOut(
        listed.map(({ text }) => text),
        { share: evaluate.holdoutShare, seed: project.config.seed },
      );
  const prompts = listed.map((prompt) => ({ ...prompt, holdout: prompt.holdout ?? shared.has(prompt.text) }));
  const evaluation = prompts.filter(({ holdout }) => holdout);
  const why = says
    ? `a column of ${generate.prompts}`
    : `evaluate.holdoutShare = ${evaluate.holdoutShare}, as neither the list nor evaluate.prompts says which`;
  return {
    learning: prompts.filter(({ holdout }) => !holdout),
    evaluation,
    ...(evaluation.length === 0 ? {} : { heldOutBy: { prompts: evaluation.length, why } }),
  };
}

/**
 * Maps each listed text to whether it is held out, according to the project's current lists. Texts in no list are
 * absent from the map. A missing list file is ignored.
 */
export async function listedHoldout(project: Project): Promise<ReadonlyMap<string, boolean>> {
  const { generate, evaluate } = project.config;
  const files = [...(hasEvaluationList(project) ? [evaluate.prompts] : []), generate.prompts].filter(
    (name) => isFile(name) && existsSync(resolveInProject(project, name)),
  );
  const says = new Map<string, boolean>();
  for (const name of files) {
    for (const { text, holdout } of await namedPrompts(project, name)) {
      const said = holdout ?? (name === evaluate.prompts && hasEvaluationList(project) ? true : undefined);
      if (said !== undefined) says.set(text, said);
    }
  }
  return says;
}

/** Number of images that `heed generate` draws for a prompt. */
export function imagesPerPrompt(project: Project, prompt: Prompt): number {
  return (
    project.config.generate.imagesPerPrompt || (PAPER_IMAGES_PER_PROMPT[prompt.category] ?? IMAGES_PER_OTHER_PROMPT)
  );
}

/**
 * Splits prompts when there is an evaluation list. Prompts of the evaluation list are held out unless a list marks them
 * otherwise. A prompt that a list marks as training data is used for both training and evaluation, like the paper's
 * prompts with seen objects.
 */
function partByEvaluationList(
  listed: readonly ListedPrompt[],
  evaluationList: readonly ListedPrompt[],
): ProjectPrompts {
  const evaluated = new Map(evaluationList.map((prompt) => [prompt.text, prompt]));
  const saidBy = new Map(listed.map(({ text, holdout }) => [text, holdout]));
  const isHeldOut = (text: string) =>
    saidBy.get(text) ?? (evaluated.has(text) ? (evaluated.get(text)!.holdout ?? true) : false);
  const withHoldout = (prompt: ListedPrompt): Prompt => ({ ...prompt, holdout: isHeldOut(prompt.text) });
  const prompts = listed.map(withHoldout);
  const heldOut = prompts.filter(({ holdout }) => holdout).length;
  return {
    learning: prompts.filter(({ holdout }) => !holdout),
    evaluation: evaluationList.map(withHoldout),
    ...(heldOut === 0 ? {} : { heldOutBy: { prompts: heldOut, why: 'evaluate.prompts or a column' } }),
  };
}

/** Whether the settings name a separate evaluation list. */
function hasEvaluationList(project: Project): boolean {
  const { generate, evaluate } = project.config;
  if (evaluate.prompts === HELD_OUT_PROMPTS) return false;
  if (!isFile(evaluate.prompts) || !isFile(generate.prompts)) return evaluate.prompts !== generate.prompts;
  return resolveInProject(project, evaluate.prompts) !== resolveInProject(project, generate.prompts);
}

function isFile(name: string): boolean {
  return name !== PAPER_PROMPTS && name !== PAPER_EVALUATION_PROMPTS && name !== HELD_OUT_PROMPTS;
}

async function namedPrompts(project: Project, name: string): Promise<ListedPrompt[]> {
  if (name === PAPER_PROMPTS) return (await paperPrompts()).training();
  if (name === PAPER_EVALUATION_PROMPTS) return (await paperPrompts()).evaluation();
  return readPromptsFile(resolveInProject(project, name), await worldOf(project.config));
}
