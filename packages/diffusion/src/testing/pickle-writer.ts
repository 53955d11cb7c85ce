/** Writes pickles of protocol 2 as Python does, hostile ones as well. For tests alone. */

/** `module` and `name` of a Python global. */
export interface PythonGlobal {
  readonly global: readonly [module: string, name: string];
}

/** `callee(*args)`, by REDUCE. */
export interface PythonCall {
  readonly call: PythonGlobal;
  readonly args: readonly PythonValue[];
}

/** A reference to a storage, by BINPERSID. */
export interface PythonReference {
  readonly reference: PythonTuple;
}

export interface PythonTuple {
  readonly tuple: readonly PythonValue[];
}

export type PythonValue =
  | null
  | boolean
  | number
  | string
  | readonly PythonValue[]
  | ReadonlyMap<PythonValue, PythonValue>
  | PythonTuple
  | PythonGlobal
  | PythonCall
  | PythonReference;

/** One opcode and what follows it. */
export const op = (code: string, ...rest: (Uint8Array | string)[]): Buffer =>
  Buffer.concat([
    Buffer.from(code, 'latin1'),
    ...rest.map((one) => (typeof one === 'string' ? Buffer.from(one) : one)),
  ]);

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The whole pickle of a value. */
export function pickleOf(value: PythonValue): Buffer {
  return Buffer.concat([op('\x80\x02'), encode(value), op('.')]);
}

/** The opcodes that leave the value on the stack. */
export function encode(value: PythonValue): Buffer {
  if (value === null) return op('N');
  if (typeof value === 'boolean') return op(value ? '\x88' : '\x89');
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'string') return op('X', uint32(Buffer.byteLength(value)), value);
  if (Array.isArray(value)) return Buffer.concat([op(']('), ...value.map(encode), op('e')]);
  if (value instanceof Map) {
    const items = [...value].flatMap(([key, item]: [PythonValue, PythonValue]) => [encode(key), encode(item)]);
    return Buffer.concat([op('}('), ...items, op('u')]);
  }
  if ('tuple' in value) return Buffer.concat([op('('), ...value.tuple.map(encode), op('t')]);
  if ('global' in value) return op('c', `${value.global[0]}\n${value.global[1]}\n`);
  if ('call' in value) return Buffer.concat([encode(value.call), encode({ tuple: value.args }), op('R')]);
  if ('reference' in value) return Buffer.concat([encode(value.reference), op('Q')]);
  throw new Error('expected a value that a pickle can hold');
}

function encodeNumber(value: number): Buffer {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return op('J', bytes);
  }
  if (Number.isInteger(value)) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return op('\x8a\x08', bytes);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return op('G', bytes);
}
