/** The studio's HTTP API as types: the only part of heed that the pages import. There is no runtime code here. */
export type { ComparisonResults } from './comparing/comparison-results.ts';
export type { Job, JobKind, StartableKind } from './jobs/job.ts';
export type { WorkerStatus } from './jobs/workers.ts';
export type { StudioApp } from './routes/app.ts';
export type { ShownBlock, ShownExample } from './routes/guidelines.ts';
export type { TrainingNews } from './routes/training.ts';
