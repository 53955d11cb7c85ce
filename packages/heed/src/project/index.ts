/** Projects on disk. */
export { withDrawingLock } from './drawing-lock.ts';
export { initProject } from './init.ts';
export { heldSince, type Lock, takeLock, withAwaitedLock, withLock } from './lock.ts';
export {
  baseModelFolder,
  checkClip,
  clipFolder,
  type FetchOptions,
  locateModel,
  MODEL_INDEX_FILE,
  modelFolder,
  modelNames,
} from './models.ts';
export {
  openProject,
  type Project,
  type ProjectPaths,
  projectPaths,
  resolveInProject,
} from './project.ts';
export {
  checkName,
  latestRunId,
  openProjectOfRun,
  openRun,
  RESOLVED_CONFIG_FILE,
  type Run,
  runTime,
  startRun,
} from './run.ts';
