/**
 * Keeps a checksum for each line of an append-only file, in `<name>.sums` beside the file. With the checksums `heed
 * doctor --verify` finds lines that were lost or changed. A line's checksum is written after the line is acknowledged,
 * so that no caller waits for the checksum. After a crash, checksums can be missing for some lines; the missing
 * checksums are added when the file is next opened. Written checksums never change. If the checksums do not match the
 * file, both files are left unchanged.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** Number of hex digits of a checksum; in the file a line break follows each checksum. */
export const DIGITS = 16;
export const SUM_BYTES = DIGITS + 1;
const SUM = /[0-9a-f]{16}\n/y;
/** Number of lines hashed between two yields to the event loop. */
const LINES_AT_ONCE = 200;

/** Path of the checksum file that belongs to the file at `path`. */
export function sumsPath(path: string): string {
  return `${path.replace(/\.jsonl$/, '')}.sums`;
}

/** The first 16 hex digits of a SHA-256 of the line without the line break. */
export function sumOfLine(line: Uint8Array | string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, DIGITS);
}

/** The complete checksums at the start of a checksum file's text, with their line breaks. */
export function wholeSums(text: string): string {
  let end = 0;
  for (SUM.lastIndex = 0; SUM.test(text); ) end = SUM.lastIndex;
  return text.slice(0, end);
}

/** An open checksum file, for the process that appends. */
export interface LineSums {
  /**
   * Adds checksums of lines that were just flushed. The call returns at once. After a failure, no more checksums are
   * added until the file is opened again.
   */
  add(lines: readonly string[]): void;
  close(): Promise<void>;
}

/**
 * Opens the checksum file of the file at `path` and adds missing checksums. `content` holds the complete lines of the
 * file at `path`.
 */
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

/**
 * Computes the checksums of all lines that have no recorded checksum yet. The result is empty when the last recorded
 * checksum does not match.
 */
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
