/**
 * Writes TensorBoard event files: TFRecords that contain the few fields of the Event protobuf that curves and pictures
 * need. The module only writes event files; `metrics-log.ts` decides what is logged.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { crc32c } from '@node-rs/crc32';

/** One point of a curve, which may have a title, or one picture. */
export type EventValue =
  | { tag: string; scalar: number; title?: string | undefined }
  | { tag: string; png: Uint8Array; width: number; height: number };

/** An open event file. */
export interface EventFile {
  readonly path: string;
  /** Appends values of one step; `wallTimeSeconds` defaults to now. */
  write(step: number, values: readonly EventValue[], wallTimeSeconds?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Creates `events.out.tfevents.<time>.<host>.<pid>` in `folder`. `purgeFromStep` tells readers to drop the values of
 * earlier files from that step on, as for a resumed run.
 */
export async function createEventFile(folder: string, options: { purgeFromStep?: number } = {}): Promise<EventFile> {
  const startedMs = Date.now();
  const path = join(folder, `events.out.tfevents.${Math.floor(startedMs / 1000)}.${hostname()}.${process.pid}`);
  const file = await open(path, 'a');
  await append(file, encodeEvent({ wallTimeSeconds: startedMs / 1000, fileVersion: 'brain.Event:2' }));
  if (options.purgeFromStep !== undefined) {
    await append(
      file,
      encodeEvent({ wallTimeSeconds: startedMs / 1000, step: options.purgeFromStep, sessionStart: true }),
    );
  }
  // TensorBoard reads the title of a curve from its first point.
  const titled = new Set<string>();
  const titledOnce = (value: EventValue): EventValue => {
    if (!('scalar' in value) || !titled.has(value.tag)) {
      titled.add(value.tag);
      return value;
    }
    return { tag: value.tag, scalar: value.scalar };
  };
  return {
    path,
    write: (step, values, wallTimeSeconds = Date.now() / 1000) =>
      append(file, encodeEvent({ wallTimeSeconds, step, values: values.map(titledOnce) })),
    close: () => file.close(),
  };
}

interface EventFields {
  wallTimeSeconds: number;
  step?: number;
  fileVersion?: string;
  values?: readonly EventValue[];
  sessionStart?: boolean;
}

/** Encodes an Event message; the field numbers are those of tensorflow/core/util/event.proto. */
export function encodeEvent(event: EventFields): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Bit64).double(event.wallTimeSeconds);
  if (event.step !== undefined) writer.tag(2, WireType.Varint).int64(event.step);
  if (event.fileVersion !== undefined) writer.tag(3, WireType.LengthDelimited).string(event.fileVersion);
  if (event.values !== undefined) {
    writer.tag(5, WireType.LengthDelimited).fork();
    for (const value of event.values) writeSummaryValue(writer, value);
    writer.join();
  }
  if (event.sessionStart) {
    const sessionLogStart = 1;
    writer.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(sessionLogStart).join();
  }
  return writer.finish();
}

function writeSummaryValue(writer: BinaryWriter, value: EventValue): void {
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(value.tag);
  if ('scalar' in value) {
    writer.tag(2, WireType.Bit32).float(value.scalar);
    if (value.title !== undefined) {
      // SummaryMetadata with a display_name.
      writer.tag(9, WireType.LengthDelimited).fork();
      writer.tag(2, WireType.LengthDelimited).string(value.title);
      writer.join();
    }
  } else {
    const rgb = 3;
    writer.tag(4, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int32(value.height);
    writer.tag(2, WireType.Varint).int32(value.width);
    writer.tag(3, WireType.Varint).int32(rgb);
    writer.tag(4, WireType.LengthDelimited).bytes(value.png);
    writer.join();
  }
  writer.join();
}

/**
 * Frames a TFRecord: the length, the length's checksum, the bytes, and the bytes' checksum
 * (tensorflow/core/lib/io/record_writer.cc).
 */
export function frameRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc32c(bytes), true);
  return record;
}

/** Masks a CRC-32C by rotation and an offset, as TFRecord requires for checksums inside checksummed data. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

async function append(file: FileHandle, event: Uint8Array): Promise<void> {
  await file.appendFile(frameRecord(event));
}
