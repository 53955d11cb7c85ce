/**
 * Label Studio's flat exports, JSON_MIN, CSV and TSV: one annotation per row, with the task's data in the same row as
 * the choice. Flat exports contain no skipped tasks and no mark for known answers.
 */
import { atPlace, badInput, InputError } from '../../errors.ts';
import { parseCells } from '../../files/csv-cells.ts';
import { quote } from '../../text/nearest.ts';
import type { Label } from '../event.ts';
import { labelOfWord } from '../import-judgements.ts';
import { nameOf } from './full-export.ts';
import type { ExportedTask, TaskAnnotation } from './task.ts';

/** Columns that describe the annotation rather than the task. */
const ANNOTATION_COLUMNS = new Set([
  'id',
  'annotator',
  'annotation_id',
  'created_at',
  'updated_at',
  'lead_time',
  'agreement',
  'comments',
]);
/** Name of the choice in the labelling config that heed exports. */
const CHOICE = 'label';

interface FlatRow {
  readonly where: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Whether these columns are the header of a flat export. */
export function isFlatHeader(columns: readonly string[]): boolean {
  return columns.includes('annotation_id') && columns.includes('annotator');
}

/** Reads a CSV or TSV. Each row becomes an object from column name to cell text. */
export function readFlatTable(text: string, path: string): FlatRow[] {
  const { rows } = parseCells(text, { path, isColumn: (name) => ANNOTATION_COLUMNS.has(name) });
  const [header, ...others] = rows;
  const names = header?.cells.map((cell) => cell.trim()) ?? [];
  return others.map(({ line, cells }) => ({
    where: `line ${line}`,
    values: Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])),
  }));
}

/** The rows of JSON_MIN. */
export function flatRowsOf(items: readonly unknown[], path: string): FlatRow[] {
  return items.map((item, i) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      throw badInput(
        `${path}, item ${i + 1}: expected an annotation of Label Studio's JSON_MIN export, got another value`,
      );
    }
    return { where: `item ${i + 1}`, values: item as FlatRow['values'] };
  });
}

/** Groups the rows by task. The error for a bad row names `path` and that row. */
export function readFlatExport(rows: readonly FlatRow[], path: string): ExportedTask[] {
  const choice = choiceColumn(rows);
  const byTask = new Map<string, { where: string; data: FlatRow['values']; annotations: TaskAnnotation[] }>();
  for (const { where, values } of rows) {
    try {
      const key = values.id === undefined || values.id === '' ? where : String(values.id);
      const task = byTask.get(key) ?? { where, data: values, annotations: [] };
      byTask.set(key, task);
      const annotation = annotationOf(values, choice);
      if (annotation) task.annotations.push(annotation);
    } catch (error) {
      throw atPlace(`${path}, ${where}`, error);
    }
  }
  return [...byTask.values()];
}

/** Finds the column with the annotator's choice: `label`, or else the only column whose cells are all labels. */
function choiceColumn(rows: readonly FlatRow[]): string {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  if (names.includes(CHOICE)) return CHOICE;
  const isLabels = (name: string) => {
    const words = rows.map(({ values }) => wordOf(values[name])).filter((word) => word !== undefined && word !== '');
    return words.length > 0 && words.every((word) => labelOfWord(word!) !== undefined);
  };
  const found = names.filter((name) => !ANNOTATION_COLUMNS.has(name) && isLabels(name));
  return found.length === 1 ? found[0]! : CHOICE;
}

/** The annotation of a task; undefined when the task has none. */
function annotationOf(values: FlatRow['values'], choice: string): TaskAnnotation | undefined {
  const word = wordOf(values[choice]);
  if (word === '' || (word === undefined && values[choice] === undefined)) return undefined;
  const label: Label | undefined = word === undefined ? undefined : labelOfWord(word);
  if (label === undefined) {
    throw new InputError(
      `expected good or bad as the choice, got ${quote(String(word ?? JSON.stringify(values[choice])))}`,
    );
  }
  return {
    id: numberOf(values.annotation_id),
    label,
    annotator: nameOf(values.annotator as never),
    seconds: secondsOf(values.lead_time),
    createdAt: textOf(values.created_at),
    updatedAt: textOf(values.updated_at),
    isKnown: false,
  };
}

/**
 * The single choice from any of its forms: good, ["good"] or {"choices": ["good"]}. The value may also be JSON text.
 */
function wordOf(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const text = value.trim();
    if (!/^[[{]/.test(text)) return text;
    try {
      return wordOf(JSON.parse(text));
    } catch {
      return text;
    }
  }
  if (Array.isArray(value)) return value.length === 1 ? wordOf(value[0]) : undefined;
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && value !== null && 'choices' in value ? wordOf(value.choices) : undefined;
}

function numberOf(value: unknown): number | undefined {
  return value === undefined || value === null || value === '' || Number.isNaN(Number(value))
    ? undefined
    : Number(value);
}

function secondsOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const seconds = Number(String(value).replace(',', '.'));
  if (!(seconds >= 0)) throw new InputError(`lead_time must be a number from 0, got ${quote(String(value))}`);
  return seconds;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
