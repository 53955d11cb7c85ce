/** PNGs without anything that is not needed to show them: the texts that name model, seed and prompt stay here. */
import { InputError } from '../../errors.ts';

const SIGNATURE_BYTES = 8;
const SHOWN_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** The same picture with the chunks that make up its pixels alone. */
export function plainPng(png: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const parts = [png.subarray(0, SIGNATURE_BYTES)];
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > png.length) throw new InputError(`expected a whole PNG, it ends inside the chunk at byte ${at}`);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (SHOWN_CHUNKS.has(type)) parts.push(png.subarray(at, end));
    at = end;
  }
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
