/** Writes files in both formats of torch.save. For tests alone. */
import { crc32 } from 'node:zlib';
import type { ParameterValues } from '@heed/autodiff';
import { ENCODERS, type FloatType } from '../safetensors/element-type.ts';
import { op, type PythonCall, type PythonValue, pickleOf, uint32 } from './pickle-writer.ts';

const STORAGES: Readonly<Record<FloatType, string>> = {
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
};
const MAGIC_NUMBER = Buffer.from('6cfc9c46f9206aa85019', 'hex');
const ALIGNMENT = 64;

export interface TorchFileOptions {
  dtype?: FloatType;
  /** What stands around the state dict; by default it is all there is. */
  around?: (stateDict: PythonValue) => PythonValue;
}

/** The bytes of an archive as torch.save writes it since PyTorch 1.6. */
export function torchZip(tensors: ParameterValues, { dtype = 'F32', around = same }: TorchFileOptions = {}): Buffer {
  const names = [...tensors.keys()];
  const stateDict = stateDictOf(tensors, { dtype, isLegacy: false });
  return zipOf([
    ['archive/data.pkl', pickleOf(around(stateDict))],
    ['archive/byteorder', Buffer.from('little')],
    ...names.map((name, i) => [`archive/data/${i}`, ENCODERS[dtype](tensors.get(name)!.data)] as const),
    ['archive/version', Buffer.from('3\n')],
  ]);
}

/** The bytes of a file as torch.save wrote it before. */
export function torchLegacy(tensors: ParameterValues, { dtype = 'F32', around = same }: TorchFileOptions = {}): Buffer {
  const stateDict = stateDictOf(tensors, { dtype, isLegacy: true });
  const storages = [...tensors.values()].flatMap(({ data }) => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(data.length));
    return [size, ENCODERS[dtype](data)];
  });
  return Buffer.concat([
    op('\x80\x02\x8a\x0a', MAGIC_NUMBER, '.'),
    pickleOf(1001),
    pickleOf(
      new Map<PythonValue, PythonValue>([
        ['protocol_version', 1001],
        ['little_endian', true],
      ]),
    ),
    pickleOf(around(stateDict)),
    pickleOf([...tensors.keys()].map((_, i) => String(i))),
    ...storages,
  ]);
}

/** A zip archive of stored entries, each at a multiple of 64 bytes. */
export function zipOf(entries: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const start = 30 + name.length + 4;
    const padding = Buffer.alloc((ALIGNMENT - ((offset + start) % ALIGNMENT)) % ALIGNMENT);
    const extra = Buffer.concat([Buffer.from('FB'), uint16(padding.length), padding]);
    const sizes = [uint32(crc32(content)), uint32(content.length), uint32(content.length), uint16(name.length)];
    const fields = [uint16(0), uint16(0x800), uint16(0), uint32(0), ...sizes, uint16(extra.length)];
    const local = Buffer.concat([op('PK\x03\x04'), ...fields, Buffer.from(name), extra, content]);
    const central = [uint16(0), ...fields.slice(0, -1), uint16(0), uint16(0), uint16(0), uint16(0), uint32(0)];
    directory.push(Buffer.concat([op('PK\x01\x02'), ...central, uint32(offset), Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const bytes = Buffer.concat(directory);
  const counts = [uint16(0), uint16(0), uint16(entries.length), uint16(entries.length)];
  const end = Buffer.concat([op('PK\x05\x06'), ...counts, uint32(bytes.length), uint32(offset), uint16(0)]);
  return Buffer.concat([...parts, bytes, end]);
}

const same = (value: PythonValue): PythonValue => value;

function stateDictOf(
  tensors: ParameterValues,
  { dtype, isLegacy }: { dtype: FloatType; isLegacy: boolean },
): ReadonlyMap<PythonValue, PythonValue> {
  return new Map([...tensors].map(([name, { shape }], i) => [name, tensorCall(shape, String(i), { dtype, isLegacy })]));
}

function tensorCall(
  shape: readonly number[],
  key: string,
  { dtype, isLegacy }: { dtype: FloatType; isLegacy: boolean },
): PythonCall {
  const size = shape.reduce((product, one) => product * one, 1);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, one) => product * one, 1));
  const storage = { global: ['torch', STORAGES[dtype]] } as const;
  const id = ['storage', storage, key, 'cpu', size, ...(isLegacy ? [null] : [])];
  const hooks: PythonCall = { call: { global: ['collections', 'OrderedDict'] }, args: [] };
  return {
    call: { global: ['torch._utils', '_rebuild_tensor_v2'] },
    args: [{ reference: { tuple: id } }, 0, { tuple: shape }, { tuple: strides }, false, hooks],
  };
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
