/**
 * Follows a growing metrics.jsonl: each read returns the lines since the last read. A file that became shorter or was
 * replaced is read again from its start: a resumed run drops the lines of steps after its checkpoint.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricsRecord } from '../../metrics/metrics-log.ts';

export interface MetricsTail {
  /** Returns the records of the new lines. If `isAnew` is true, these records replace all earlier ones. */
  read(): Promise<{ readonly isAnew: boolean; readonly records: readonly MetricsRecord[] }>;
}

/** Follows the metrics.jsonl in that folder, which need not exist yet. */
export function followMetrics(folder: string): MetricsTail {
  const path = join(folder, 'metrics.jsonl');
  let readBytes = 0;
  let inode: number | undefined;
  return {
    async read() {
      const file = await open(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (!file) return { isAnew: false, records: [] };
      try {
        const { size, ino } = await file.stat();
        const isAnew = inode !== undefined && (size < readBytes || ino !== inode);
        if (isAnew) readBytes = 0;
        inode = ino;
        const bytes = Buffer.alloc(size - readBytes);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, readBytes);
        // A line that is still being written is read next time.
        const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a, bytesRead - 1) + 1);
        readBytes += whole.length;
        return { isAnew, records: whole.toString('utf8').split('\n').flatMap(parseRecord) };
      } finally {
        await file.close();
      }
    },
  };
}

function parseRecord(line: string): MetricsRecord[] {
  try {
    const value = JSON.parse(line) as MetricsRecord;
    return typeof value.step === 'number' ? [value] : [];
  } catch {
    return [];
  }
}
