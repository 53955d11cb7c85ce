/** Judgements of images. */
export { eventId, type FeedbackEvent, LABELS, type Label, queryId } from './event.ts';
export { type LabelShares, labelShares, lastWords } from './judgements.ts';
export { type FeedbackLog, openFeedbackLog } from './log.ts';
