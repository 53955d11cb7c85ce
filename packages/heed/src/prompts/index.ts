/** Prompts: the paper's, a user's own, and changes of them. */
export { evaluationPrompts } from './evaluation-prompts.ts';
export { perturb } from './perturb.ts';
export { imagesPerPrompt, projectEvaluationPrompts, projectTrainingPrompts } from './project-prompts.ts';
export { CATEGORIES, type Category, categoryOf, type Prompt } from './prompt.ts';
export { MAX_PROMPT_LENGTH, readPromptsFile } from './prompts-file.ts';
export { selectPrompts } from './select.ts';
export { parseTemplate } from './template.ts';
export { PAPER_IMAGES_PER_PROMPT, trainingPrompts } from './training-prompts.ts';
