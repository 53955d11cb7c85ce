/**
 * Shows the progress of a long command on stderr. A terminal shows a bar with rate and time left; other outputs get
 * plain lines, and programs can ask for JSON lines. Progress is not stored; `metrics.jsonl` stores measurements.
 */
import { formatBar, formatDuration, formatFields, formatRate } from './format.ts';

/** Figures that are shown beside the bar, such as loss and learning rate. */
export type ProgressFields = Readonly<Record<string, number | string>>;

/** The progress of one running piece of work. */
export interface Progress {
  /**
   * Reports that `done` of `total` units are finished. A call is cheap, because the bar is drawn at most ten times a
   * second.
   */
  update(done: number, fields?: ProgressFields): void;
  /** Draws the last state and ends the line. */
  done(fields?: ProgressFields): void;
}

/**
 * A function that a command passes to a stage. The stage calls the function to open a progress display for each piece
 * of work.
 */
export type ProgressFactory = (options: { total: number; label: string; unit?: string }) => Progress;

/** The stream that progress is written to, such as `process.stderr`. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

export interface ProgressOptions {
  total: number;
  label: string;
  /** Name of the counted unit: 'image', 'step'. */
  unit?: string;
  /** Whether to write JSON lines `{"progress": label, "done", "total", ...}` in place of text. */
  json?: boolean;
  stream?: ProgressStream;
  /** A monotonic clock in milliseconds. */
  nowMs?: () => number;
}

const DRAW_EVERY_MS = { terminal: 100, lines: 5_000 } as const;
/**
 * Units that are reported within this time after the start are treated as finished before the start, as in a resumed
 * run.
 */
const FOUND_WITHIN_MS = 100;

/** Opens a progress display for `total` units of work. */
export function createProgress(options: ProgressOptions): Progress {
  const { total, label, unit = '', json = false } = options;
  const stream = options.stream ?? process.stderr;
  const nowMs = options.nowMs ?? (() => performance.now());
  const onTerminal = stream.isTTY === true && !json;
  const everyMs = onTerminal ? DRAW_EVERY_MS.terminal : DRAW_EVERY_MS.lines;
  const startedMs = nowMs();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let firstDone: number | undefined;
  let current = 0;
  let fields: ProgressFields = {};
  let drawnFields: ProgressFields | undefined;
  let drawnDone: number | undefined;
  let ended = false;

  const draw = () => {
    drawnMs = nowMs();
    drawnFields = fields;
    drawnDone = current;
    const elapsedSeconds = (drawnMs - startedMs) / 1000;
    // What a resumed run found done says nothing about its speed.
    const worked = current - (firstDone ?? 0);
    const perSecond = worked > 0 && elapsedSeconds > 0 ? worked / elapsedSeconds : undefined;
    const leftSeconds = perSecond === undefined ? undefined : Math.max(0, total - current) / perSecond;
    if (json) {
      stream.write(
        `${JSON.stringify({ progress: label, done: current, total, elapsedSeconds, perSecond, leftSeconds, ...memoryOfProcess(), ...fields })}\n`,
      );
      return;
    }
    const figures = [
      `${current}/${total}`,
      `[${formatDuration(elapsedSeconds)}<${leftSeconds === undefined ? '?' : formatDuration(leftSeconds)}`,
      `${formatRate(perSecond, unit)}]`,
      formatFields(fields),
    ]
      .filter((part) => part !== '')
      .join(' ');
    const share = total > 0 ? Math.min(1, current / total) : 1;
    const head = `${label}: ${String(Math.floor(100 * share)).padStart(3)}%`;
    stream.write(
      onTerminal
        ? `\r\x1b[2K${formatBar({ head, share, figures, columns: stream.columns ?? 80 })}`
        : `${head} ${figures}\n`,
    );
  };

  return {
    update(done, newFields) {
      if (ended) return;
      firstDone ??= nowMs() - startedMs < FOUND_WITHIN_MS ? done : 0;
      current = done;
      if (newFields) fields = newFields;
      if (nowMs() - drawnMs >= everyMs) draw();
    },
    done(newFields) {
      if (ended) return;
      ended = true;
      if (newFields) fields = newFields;
      // A log needs its last line once; a bar is redrawn over itself.
      if (onTerminal || drawnFields !== fields || drawnDone !== current) draw();
      if (onTerminal) stream.write('\n');
    },
  };
}

/** Physical memory that this process uses now and used at its peak, in bytes. */
function memoryOfProcess(): { memoryBytes: number; peakMemoryBytes: number } {
  // Node gives the maximum in KiB on every system.
  return { memoryBytes: process.memoryUsage.rss(), peakMemoryBytes: 1024 * process.resourceUsage().maxRSS };
}

/** Creates a factory whose progress displays all write to the same stream in the same form. */
export function createProgressFactory(options: { json?: boolean; stream?: ProgressStream } = {}): ProgressFactory {
  return (work) => createProgress({ ...options, ...work });
}

/** A factory that shows nothing: for tests and for use as a library. */
export const silentProgress: ProgressFactory = () => ({ update: () => {}, done: () => {} });
