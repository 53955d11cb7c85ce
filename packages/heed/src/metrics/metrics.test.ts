// Metrics are read back by independent decoders: protobuf's reader for events, JSON for lines.
import { appendFile, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { encodeEvent, frameRecord, maskedCrc32c } from './event-file.ts';
import { openMetricsLog, readMetrics } from './metrics-log.ts';

const temporaryFolder = () => mkdtemp(join(tmpdir(), 'heed-metrics-'));

/** Splits TFRecords, checking both checksums. */
function readRecords(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc32c(data));
    records.push(data);
    at += length + 16;
  }
  return records;
}

/** Top-level fields of a message: varints and doubles as numbers, the rest as bytes. */
function readFields(message: Uint8Array): Map<number, number | Uint8Array> {
  const reader = new BinaryReader(message);
  const fields = new Map<number, number | Uint8Array>();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    fields.set(
      field,
      wire === 0 ? Number(reader.int64()) : wire === 1 ? reader.double() : wire === 5 ? reader.float() : reader.bytes(),
    );
  }
  return fields;
}

describe('event file', () => {
  it('masks checksums as TensorFlow does', () => {
    // CRC-32C of nine ASCII digits is 0xe3069283 (RFC 3720); masked by ((c >> 15) | (c << 17)) + 0xa282ead8.
    const crc = 0xe3069283;
    const expected = ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) % 2 ** 32;
    expect(maskedCrc32c(new TextEncoder().encode('123456789'))).toBe(expected);
  });

  it('frames a record of known bytes', () => {
    const [data] = readRecords(frameRecord(Uint8Array.of(1, 2, 3)));
    expect([...data!]).toEqual([1, 2, 3]);
  });

  it('encodes a scalar where the protocol puts it', () => {
    const event = readFields(encodeEvent({ wallTimeSeconds: 12.5, step: 7, values: [{ tag: 'loss', scalar: 0.25 }] }));
    expect(event.get(1)).toBe(12.5);
    expect(event.get(2)).toBe(7);
    const value = readFields(readFields(event.get(5) as Uint8Array).get(1) as Uint8Array);
    expect(new TextDecoder().decode(value.get(1) as Uint8Array)).toBe('loss');
    expect(value.get(2)).toBe(0.25);
  });
});

it('names a curve in its first point alone, where the protocol puts it', async () => {
  const folder = await temporaryFolder();
  const log = await openMetricsLog(folder);
  for (const step of [1, 2]) await log.log(step, { pairAccuracy: 0.5, other: 1 });
  await log.close();
  const [name] = (await readdir(folder)).filter((file) => file.startsWith('events'));
  const [, first, second] = readRecords(await readFile(join(folder, name!)));
  // Of the repeated field the last value is left: `other`, which has no title; so the bytes are searched.
  const text = (record: Uint8Array) => Buffer.from(record).toString('latin1');
  const title = 'Share of pairs ranked as labelled';
  expect(text(first!)).toContain(title);
  expect(text(second!)).not.toContain(title);
  const point = encodeEvent({ wallTimeSeconds: 0, step: 1, values: [{ tag: 'a', scalar: 1, title: 'A curve' }] });
  const value = readFields(readFields(readFields(point).get(5) as Uint8Array).get(1) as Uint8Array);
  const metadata = readFields(value.get(9) as Uint8Array);
  expect(new TextDecoder().decode(metadata.get(2) as Uint8Array)).toBe('A curve');
});

describe('metrics log', () => {
  it('writes lines and events, and drops lost steps on resume', async () => {
    const folder = await temporaryFolder();
    const first = await openMetricsLog(folder);
    for (const step of [1, 2, 3]) await first.log(step, { loss: 1 / step });
    await first.close();
    await appendFile(join(folder, 'metrics.jsonl'), '{"step":4,"lo');

    const second = await openMetricsLog(folder, { resumeAfterStep: 2 });
    await second.log(3, { loss: Number.NaN });
    await second.close();
    expect((await readMetrics(folder)).map(({ step, loss }) => [step, loss])).toEqual([
      [1, 1],
      [2, 0.5],
      [3, 'NaN'],
    ]);

    // One file or two: their names carry the second of their start.
    const files = (await readdir(folder)).filter((name) => name.startsWith('events.out.tfevents.')).sort();
    const records = (await Promise.all(files.map((name) => readFile(join(folder, name))))).flatMap(readRecords);
    expect(new TextDecoder().decode(readFields(records[0]!).get(3) as Uint8Array)).toBe('brain.Event:2');
    const purge = records.map(readFields).find((fields) => fields.has(7));
    expect(purge?.get(2)).toBe(3);
  });
});
