/** Judgements of images. */
export {
  eventId,
  type FeedbackEvent,
  LABELS,
  type Label,
  MAX_ANSWER_SECONDS,
  type Purpose,
  purposeOf,
  queryId,
  RETRACTED,
  revisedEventId,
} from './event.ts';
export { type FeedbackImport, importFeedback } from './import-csv.ts';
export { type ImportOptions, importFeedbackFile } from './import-file.ts';
export { type Judgement, type LabelShares, labelShares, lastWords } from './judgements.ts';
export { type KnownAnswer, knownAnswers } from './known-answers.ts';
export { type FeedbackLog, openFeedbackLog } from './log.ts';
export { appendRaterEvent, platformId, type RaterEvent, type RaterRecord, readRaters } from './raters.ts';
export { writeFeedbackSheet } from './sheet.ts';
export { runSimulatedLabelling, type SimulatedLabelling } from './simulate.ts';
export { type CategoryStatus, type LabellingStatus, labellingStatus } from './status.ts';
