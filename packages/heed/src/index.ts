/**
 * heed as a library. With arrays in memory, `loadPipeline` generates images, `loadClip` embeds, and
 * `trainRewardOnArrays` trains a reward. With a project (a folder of plain files), each `run...` function does the work
 * of one command: `runEvaluate` that of `heed evaluate`. The folder `examples/` shows both ways; `npm run docs:api`
 * writes the API reference.
 */
export {
  type ClipEmbedder,
  loadClip,
  loadPipeline,
  type RgbImage,
  type StableDiffusionPipeline,
} from '@heed/diffusion';
export { checkConfig, configJsonSchema, configSchema, type HeedConfig, parseConfig } from './config/index.ts';
export { type DemoOptions, type DemoResult, runDemo } from './demo/run.ts';
export { EXIT_CODES, type ExitCode, HeedError } from './errors.ts';
export type { Evaluation } from './evaluate/evaluation.ts';
export { type EvaluateRunOptions, runEvaluate } from './evaluate/run.ts';
export { exportImageFolder } from './export/image-folder.ts';
export { exportLabelStudio, LABELLING_CONFIG } from './export/label-studio.ts';
export { exportModel } from './export/model-folder.ts';
export { exportPairs } from './export/preference-pairs.ts';
export { exportFeedback, exportImages } from './export/tables.ts';
export {
  type FeedbackEvent,
  type FeedbackLog,
  importFeedback,
  importFeedbackFile,
  type Label,
  labellingStatus,
  lastWords,
  openFeedbackLog,
  runSimulatedLabelling,
} from './feedback/index.ts';
export { type GenerateRunOptions, type GenerateRunResult, runGenerate } from './generate/run.ts';
export {
  createImageStore,
  encodePng,
  type ImageRecipe,
  type ImageRecord,
  type ImageStore,
  readPicture,
} from './images/index.ts';
export { type ImageImport, type ImageImportOptions, importImages } from './import/index.ts';
export { type ArrayRewardOptions, trainRewardOnArrays } from './library/array-reward.ts';
export { builtInModels, paperPrompts, worldOf } from './parts.ts';
export type * from './ports.ts';
export { createProgressFactory, type Progress, type ProgressFactory, silentProgress } from './progress/index.ts';
export { initProject, openProject, type Project, type ProjectPaths } from './project/index.ts';
export { type Prompt, readPromptsFile } from './prompts/index.ts';
export { type ReportRunOptions, runReport } from './report/run.ts';
export { type RewardRunOptions, type RewardRunResult, runReward } from './reward/run.ts';
export { runSample, type SampleRunOptions } from './sample/run.ts';
export { runTune, type TuneRunOptions, type TuneRunResult } from './tune/run.ts';
