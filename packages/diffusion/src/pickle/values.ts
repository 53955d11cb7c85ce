/** The values of a parsed pickle: plain data, tensors by reference, and placeholders. No value has behaviour. */
import type { ElementType } from '../safetensors/element-type.ts';

/** A PyTorch storage: a range of numbers in the file, from which tensors take their values. */
export interface PickleStorage {
  readonly kind: 'storage';
  /** Element type; undefined for untyped bytes, whose type the tensor gives. */
  readonly type: ElementType | undefined;
  readonly key: string;
  /** Length of the storage: in elements if `type` is given, else in bytes. */
  readonly size: number;
  /** Where this storage begins within the stored one, in elements; above 0 only for views in the legacy format. */
  readonly offset: number;
}

/** A tensor as the file describes it: a strided view of a storage. */
export interface PickleTensor {
  readonly kind: 'tensor';
  readonly storage: PickleStorage | PickleArray;
  readonly type: ElementType;
  /** In elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
}

/** A numpy array stored in the pickle itself. */
export interface PickleArray {
  readonly kind: 'array';
  state: { readonly shape: readonly number[]; readonly type: ElementType; readonly bytes: PickleBytes } | undefined;
}

/** Bytes, or a text that stands for bytes in Latin-1, as protocol 2 writes them. */
export interface PickleBytes {
  readonly kind: 'bytes';
  readonly content: Buffer | string;
}

export interface PickleList {
  readonly kind: 'list';
  readonly items: PickleValue[];
}

export interface PickleTuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

/** A dict, or an object of an allowed dict subclass. */
export interface PickleDict {
  readonly kind: 'dict';
  readonly entries: Map<PickleValue, PickleValue>;
}

/** A name from the allow-list: a class or a function of Python. */
export interface PickleGlobal {
  readonly kind: 'global';
  /** `module.name` */
  readonly path: string;
}

/** A numpy dtype; `type` is undefined for dtypes that tensors cannot have. */
export interface PickleDtype {
  readonly kind: 'dtype';
  readonly type: ElementType | undefined;
  bigEndian: boolean;
}

/** An object of an allowed class that holds no weights: only its class is kept. */
export interface PickleOpaque {
  readonly kind: 'opaque';
  readonly path: string;
}

export type PickleObject =
  | PickleStorage
  | PickleTensor
  | PickleArray
  | PickleBytes
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleDtype
  | PickleOpaque;

export type PickleValue = null | boolean | number | bigint | string | PickleObject;

/** Describes a value for an error message. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return 'a truth value';
  if (typeof value !== 'object') return `the number ${String(value).slice(0, 32)}`;
  if (value.kind === 'global' || value.kind === 'opaque') return value.path;
  return value.kind === 'array' ? 'an array' : `a ${value.kind}`;
}

export function isKind<Kind extends PickleObject['kind']>(
  value: PickleValue | undefined,
  kind: Kind,
): value is Extract<PickleObject, { kind: Kind }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}
