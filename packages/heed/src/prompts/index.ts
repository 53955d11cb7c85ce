/** Prompts of the paper and of users, and perturbed variations of prompts. */
export { cutPromptsNote, type TextReader } from './cut-prompts.ts';
export {
  addEvaluationPrompt,
  imagesPerPrompt,
  listedHoldout,
  type ProjectPrompts,
  projectEvaluationPrompts,
  projectPrompts,
  projectTrainingPrompts,
} from './project-prompts.ts';
export { CATEGORIES, CUSTOM_CATEGORY, orderCategories, type Prompt } from './prompt.ts';
export { MAX_PROMPT_LENGTH, readPromptsFile } from './prompts-file.ts';
export { selectPrompts } from './select.ts';
