/** Progress of long commands. */
export {
  createProgress,
  createProgressFactory,
  type Progress,
  type ProgressFactory,
  type ProgressFields,
  silentProgress,
} from './progress.ts';
