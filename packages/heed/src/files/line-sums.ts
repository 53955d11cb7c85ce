/**
 * Checksums of an append-only file: one for each line, in `<name>.sums` beside it. With them `heed doctor --verify`
 * tells which lines were lost or changed. A line is recorded after it is acknowledged, so that no caller waits for the
 * record. After a crash it can be some lines behind, and catches up at the next opening. Recorded lines never change:
 * where they do not fit the file, both stay as they are.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** Hex digits of a sum; a line break follows. */
export const DIGITS = 16;
export const SUM_BYTES = DIGITS + 1;
const SUM = /[0-9a-f]{16}\n/y;
/** Lines between two looks at what else waits. */
const LINES_AT_ONCE = 200;

/** Where the record of the lines in `path` lies. */
export function sumsPath(path: string): string {
  return `${path.replace(/\.jsonl$/, '')}.sums`;
}

/** 16 hex digits of the SHA-256 of a line without its break. */
export function sumOfLine(line: Uint8Array | string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, DIGITS);
}

/** The whole sums at the beginning of a record's text, one after another with their breaks. */
export function wholeSums(text: string): string {
  let end = 0;
  for (SUM.lastIndex = 0; SUM.test(text); ) end = SUM.lastIndex;
  return text.slice(0, end);
}

/** A record that is open for the process that appends. */
export interface LineSums {
  /** Records lines that were just flushed. Returns at once; a failure ends the record until the next opening. */
  add(lines: readonly string[]): void;
  close(): Promise<void>;
}

/** Opens the record of the file at `path`, whose whole lines are `content`, and records what it is behind. */
export function openLineSums(path: string, content: Buffer): LineSums {
  let file: FileHandle | undefined;
  let isBroken = false;
  let last = Promise.resolve();
  const queue = (work: () => Promise<void>) => {
    last = last
      .then(() => (isBroken ? undefined : work()))
      .catch(() => {
        isBroken = true;
      });
  };
  queue(async () => {
    file = await open(sumsPath(path), 'a+');
    const text = await file.readFile('latin1');
    const recorded = wholeSums(text);
    if (recorded.length < text.length) await file.truncate(recorded.length);
    const missing = await sumsBehind(content, recorded);
    if (missing !== '') await file.appendFile(missing);
  });
  return {
    add: (lines) => queue(async () => file!.appendFile(lines.map((line) => `${sumOfLine(line)}\n`).join(''))),
    async close() {
      await last;
      await file?.close();
    },
  };
}

/** The sums of the lines that come after the recorded ones; none where the last recorded line is not at its place. */
async function sumsBehind(content: Buffer, recorded: string): Promise<string> {
  const count = recorded.length / SUM_BYTES;
  let at = 0;
  const nextLine = () => {
    const end = content.indexOf(0x0a, at);
    const line = end < 0 ? undefined : content.subarray(at, end);
    at = end + 1;
    return line;
  };
  for (let i = 0; i < count; i++) {
    const line = nextLine();
    if (line === undefined) return '';
    if (i === count - 1 && sumOfLine(line) !== recorded.slice(-SUM_BYTES, -1)) return '';
  }
  const sums: string[] = [];
  for (let line = nextLine(); line !== undefined; line = nextLine()) {
    sums.push(`${sumOfLine(line)}\n`);
    if (sums.length % LINES_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return sums.join('');
}
