/**
 * Compares an append-only file with its record of checksums (`files/line-sums.ts`), line by line, in bounded memory.
 */
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { isBadInput } from '../../errors.ts';
import { parseLine } from '../../files/json-lines.ts';
import { DIGITS, SUM_BYTES, sumOfLine, sumsPath, wholeSums } from '../../files/line-sums.ts';
import { compareSums, type LineFault } from './compare-sums.ts';

/** The result of checking a file of lines. */
export interface VerifiedLines {
  /** Number of complete lines. */
  readonly lines: number;
  /** Number of lines without a recorded checksum. */
  readonly unrecorded: number;
  /** Descriptions of the damage, each with the number of the damaged line. */
  readonly faults: readonly string[];
  /**
   * Appends the checksums of lines that the record does not contain. Call this function only while no other process
   * appends to the file.
   */
  record(): Promise<void>;
}

/** An incomplete last line is not reported: a crash leaves such a line, and the next append cuts it off. */
export async function verifyLines(
  path: string,
  options: {
    /** Checks the parsed JSON of a line; throws an `InputError` if the line does not belong in such a file. */
    parse: (value: unknown) => unknown;
    /** Called with the checked value of each valid line. */
    onLine?: (value: unknown) => void;
    /** Called with the number of bytes of the file that have been read. */
    onBytes?: (bytes: number) => void;
    signal: AbortSignal;
  },
): Promise<VerifiedLines> {
  const { parse, onLine = () => {}, onBytes = () => {}, signal } = options;
  // Read first: lines that are appended meanwhile are then behind the record, not beyond it.
  const recorded = await readRecord(path);
  const found = createSumList();
  const faults: string[] = [];
  let bytes = 0;
  for await (const { lines, readBytes } of readLines(path, signal)) {
    for (const line of lines) {
      found.add(sumOfLine(line));
      try {
        onLine(parse(parseLine(line.toString('utf8'))));
      } catch (error) {
        if (!isBadInput(error)) throw error;
        // Where it is recorded, its sum tells the same.
        if (found.count() > recorded.length) faults.push(`line ${found.count()}: ${error.message}`);
      }
    }
    bytes += readBytes;
    onBytes(bytes);
  }
  const sums = found.take();
  faults.push(...compareSums(recorded, sums).map(describe));
  return {
    lines: sums.length,
    unrecorded: Math.max(0, sums.length - recorded.length),
    faults,
    async record() {
      const file = await open(sumsPath(path), 'a');
      try {
        // What follows the whole sums is torn or damaged.
        await file.truncate(recorded.length * SUM_BYTES);
        const behind = [...sums.subarray(recorded.length)].map((sum) => `${sum.toString(16).padStart(DIGITS, '0')}\n`);
        await file.appendFile(behind.join(''));
      } finally {
        await file.close();
      }
    },
  };
}

function describe(fault: LineFault): string {
  switch (fault.kind) {
    case 'changed':
      return `line ${fault.line}: expected the line that was recorded, got a changed one`;
    case 'foreign':
      return `line ${fault.line}: expected a line that was recorded, got another`;
    case 'repeated':
      return `line ${fault.line}: expected each line once, got line ${fault.of} again`;
    case 'swapped':
      return `lines ${fault.line} and ${fault.line + 1}: expected the other order`;
    case 'lost':
      return `line ${fault.line}: expected ${fault.count} recorded ${fault.count === 1 ? 'line' : 'lines'} before it, found none`;
  }
}

async function readRecord(path: string): Promise<BigUint64Array> {
  const text = await readFile(sumsPath(path), 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const list = createSumList();
  const sums = wholeSums(text);
  for (let at = 0; at < sums.length; at += SUM_BYTES) list.add(sums.slice(at, at + DIGITS));
  return list.take();
}

/** A list of checksums, each stored as a number of eight bytes. */
function createSumList() {
  let values = new BigUint64Array(1024);
  let count = 0;
  return {
    add(sum: string) {
      if (count === values.length) {
        const grown = new BigUint64Array(2 * count);
        grown.set(values);
        values = grown;
      }
      values[count++] = BigInt(`0x${sum}`);
    },
    count: () => count,
    take: () => values.subarray(0, count),
  };
}

/**
 * Yields the complete lines of a file, without line breaks, one piece of the file at a time. A missing file has no
 * lines.
 */
async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<{ lines: Buffer[]; readBytes: number }> {
  let rest: Buffer[] = [];
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 18, signal })) {
      const bytes = piece as Buffer;
      const lines: Buffer[] = [];
      let at = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, at)) {
        lines.push(rest.length === 0 ? bytes.subarray(at, end) : Buffer.concat([...rest, bytes.subarray(at, end)]));
        rest = [];
        at = end + 1;
      }
      rest.push(bytes.subarray(at));
      yield { lines, readBytes: bytes.length };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
