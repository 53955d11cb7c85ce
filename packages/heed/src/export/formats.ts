/**
 * The kinds and formats of exports, with the default format first. The table is separate from the writers, so that
 * `--help` loads nothing else.
 */
import { MODEL_FORMATS } from './model-formats.ts';

export const EXPORT_FORMATS = {
  /** Each judgement is a row of the CSV or a task of Label Studio. */
  feedback: ['csv', 'label-studio'],
  /** A table with one row per image, or the images themselves with their prompts and labels. */
  images: ['csv', 'imagefolder'],
  /** Each answer of people in a blind comparison is a row of the CSV or a line of JSON. */
  comparisons: ['csv', 'jsonl'],
  /** Preference pairs with Pick-a-Pic's columns. */
  pairs: ['parquet'],
  model: MODEL_FORMATS,
} as const;

/** A kind of export. */
export type ExportKind = keyof typeof EXPORT_FORMATS;
/** A format of an export. */
export type ExportFormat = (typeof EXPORT_FORMATS)[ExportKind][number];
