/** What heed offers as a library: the commands' work as functions, and the files of a project as types. */
export { checkConfig, configJsonSchema, configSchema, type HeedConfig, parseConfig } from './config/index.ts';
export { EXIT_CODES, type ExitCode, HeedError } from './errors.ts';
export {
  type FeedbackEvent,
  type FeedbackLog,
  importFeedback,
  type Label,
  labellingStatus,
  lastWords,
  openFeedbackLog,
  runSimulatedLabelling,
} from './feedback/index.ts';
export { createImageStore, type ImageRecipe, type ImageRecord, type ImageStore } from './images/index.ts';
export { createProgressFactory, type Progress, type ProgressFactory, silentProgress } from './progress/index.ts';
export { initProject, openProject, type Project, type ProjectPaths } from './project/index.ts';
export {
  type Category,
  evaluationPrompts,
  type Prompt,
  perturb,
  readPromptsFile,
  trainingPrompts,
} from './prompts/index.ts';
