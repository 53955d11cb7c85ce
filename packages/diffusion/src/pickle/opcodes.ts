/**
 * The opcodes of pickle protocols 2 to 5, as functions that change the machine's state (`machine.ts`). The text opcodes
 * of protocols 0 and 1, code extensions and out-of-band buffers are not supported. Source: CPython's
 * `Lib/pickletools.py`.
 */
import { build, call, resolveGlobal } from './globals.ts';
import { fault, type Machine, pop, popKind, popToMark, push, top } from './machine.ts';
import { describeValue, isKind, type PickleDict, type PickleValue } from './values.ts';

/** Size limit of a Python int in bytes; no checkpoint has a larger int. */
const MAX_INTEGER_BYTES = 64;
const STOP = 0x2e;

export { STOP };

type Opcode = (machine: Machine) => void;

const readers = {
  uint8: (machine: Machine) => machine.reader.byte(),
  uint16: (machine: Machine) => machine.reader.bytes(2).readUInt16LE(),
  uint32: (machine: Machine) => machine.reader.bytes(4).readUInt32LE(),
  uint64(machine: Machine) {
    const size = machine.reader.bytes(8).readBigUInt64LE();
    if (size > BigInt(Number.MAX_SAFE_INTEGER))
      throw fault(machine, `expected a size that a file can have, got ${size}`);
    return Number(size);
  },
};

type ReadSize = (machine: Machine) => number;

const text =
  (size: ReadSize): Opcode =>
  (machine) =>
    push(machine, machine.reader.bytes(size(machine)).toString('utf8'));

/** Python 2's `str`, which is text in every checkpoint. */
const string =
  (size: ReadSize): Opcode =>
  (machine) =>
    push(machine, machine.reader.bytes(size(machine)).toString('latin1'));

const bytes =
  (size: ReadSize): Opcode =>
  (machine) =>
    push(machine, { kind: 'bytes', content: machine.reader.bytes(size(machine)) });

const integer =
  (size: ReadSize): Opcode =>
  (machine) => {
    const count = size(machine);
    if (count > MAX_INTEGER_BYTES)
      throw fault(machine, `expected an integer of at most ${MAX_INTEGER_BYTES} bytes, got one of ${count}`);
    const digits = machine.reader.bytes(count).reverse();
    const value = count === 0 ? 0n : BigInt.asIntN(8 * count, BigInt(`0x${digits.toString('hex')}`));
    const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
    push(machine, isSafe ? Number(value) : value);
  };

const tuple =
  (size: number): Opcode =>
  (machine) => {
    const items: PickleValue[] = [];
    for (let i = 0; i < size; i++) items.unshift(pop(machine));
    push(machine, { kind: 'tuple', items });
  };

const get =
  (index: ReadSize): Opcode =>
  (machine) => {
    const at = index(machine);
    const value = machine.memo.get(at);
    if (value === undefined) throw fault(machine, `expected memo ${at} to be set, got nothing there`);
    machine.stack.push(value);
  };

const put =
  (index: ReadSize): Opcode =>
  (machine) => {
    machine.memo.set(index(machine), top(machine));
  };

function appendTo(machine: Machine, items: readonly PickleValue[]): void {
  const target = top(machine);
  if (isKind(target, 'opaque')) return;
  if (!isKind(target, 'list')) throw fault(machine, `expected a list to append to, got ${describeValue(target)}`);
  for (const item of items) target.items.push(item);
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const target = top(machine);
  if (isKind(target, 'opaque')) return;
  if (!isKind(target, 'dict')) throw fault(machine, `expected a dict to fill, got ${describeValue(target)}`);
  fillDict(machine, target, items);
}

function fillDict(machine: Machine, dict: PickleDict, items: readonly PickleValue[]): void {
  if (items.length % 2 !== 0) throw fault(machine, `expected keys and values in pairs, got ${items.length} items`);
  for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i]!, items[i + 1]!);
}

function globalFromStack(machine: Machine): void {
  const name = pop(machine);
  const module = pop(machine);
  if (typeof module !== 'string' || typeof name !== 'string')
    throw fault(machine, `expected the names of a module and a global, got ${describeValue(module)}`);
  push(machine, resolveGlobal(machine, module, name));
}

function newObject(machine: Machine): void {
  const { items } = popKind(machine, 'tuple');
  push(machine, call(machine, pop(machine), items));
}

export const OPCODES: Readonly<Record<number, Opcode>> = {
  149: readers.uint64, // FRAME
  40: ({ marks, stack }) => marks.push(stack.length), // MARK
  48: dropTop, // POP
  49: popToMark, // POP_MARK
  50: (machine) => machine.stack.push(top(machine)), // DUP
  78: (machine) => push(machine, null), // NONE
  136: (machine) => push(machine, true), // NEWTRUE
  137: (machine) => push(machine, false), // NEWFALSE
  74: (machine) => push(machine, machine.reader.bytes(4).readInt32LE()), // BININT
  75: (machine) => push(machine, readers.uint8(machine)), // BININT1
  77: (machine) => push(machine, readers.uint16(machine)), // BININT2
  138: integer(readers.uint8), // LONG1
  139: integer(readers.uint32), // LONG4
  71: (machine) => push(machine, machine.reader.bytes(8).readDoubleBE()), // BINFLOAT
  140: text(readers.uint8), // SHORT_BINUNICODE
  88: text(readers.uint32), // BINUNICODE
  141: text(readers.uint64), // BINUNICODE8
  85: string(readers.uint8), // SHORT_BINSTRING
  84: string(readers.uint32), // BINSTRING
  67: bytes(readers.uint8), // SHORT_BINBYTES
  66: bytes(readers.uint32), // BINBYTES
  142: bytes(readers.uint64), // BINBYTES8
  150: bytes(readers.uint64), // BYTEARRAY8
  93: (machine) => push(machine, { kind: 'list', items: [] }), // EMPTY_LIST
  125: (machine) => push(machine, { kind: 'dict', entries: new Map() }), // EMPTY_DICT
  41: (machine) => push(machine, { kind: 'tuple', items: [] }), // EMPTY_TUPLE
  143: (machine) => push(machine, { kind: 'opaque', path: 'builtins.set' }), // EMPTY_SET
  97: (machine) => appendTo(machine, [pop(machine)]), // APPEND
  101: (machine) => appendTo(machine, popToMark(machine)), // APPENDS
  144: (machine) => appendTo(machine, popToMark(machine)), // ADDITEMS
  115(machine) {
    const value = pop(machine); // SETITEM
    setItems(machine, [pop(machine), value]);
  },
  117: (machine) => setItems(machine, popToMark(machine)), // SETITEMS
  108: (machine) => push(machine, { kind: 'list', items: popToMark(machine) }), // LIST
  100(machine) {
    const dict: PickleDict = { kind: 'dict', entries: new Map() }; // DICT
    fillDict(machine, dict, popToMark(machine));
    push(machine, dict);
  },
  116: (machine) => push(machine, { kind: 'tuple', items: popToMark(machine) }), // TUPLE
  133: tuple(1), // TUPLE1
  134: tuple(2), // TUPLE2
  135: tuple(3), // TUPLE3
  145(machine) {
    popToMark(machine); // FROZENSET
    push(machine, { kind: 'opaque', path: 'builtins.frozenset' });
  },
  104: get(readers.uint8), // BINGET
  106: get(readers.uint32), // LONG_BINGET
  113: put(readers.uint8), // BINPUT
  114: put(readers.uint32), // LONG_BINPUT
  148: put(({ memo }) => memo.size), // MEMOIZE
  // GLOBAL
  99: (machine) => push(machine, resolveGlobal(machine, machine.reader.line(), machine.reader.line())),
  147: globalFromStack, // STACK_GLOBAL
  82: newObject, // REDUCE
  129: newObject, // NEWOBJ
  146(machine) {
    pop(machine); // NEWOBJ_EX: keyword arguments mean nothing to a placeholder
    newObject(machine);
  },
  98(machine) {
    const state = pop(machine); // BUILD
    build(machine, top(machine), state);
  },
  81: (machine) => push(machine, machine.persistent(pop(machine))), // BINPERSID
};

/** Opcodes that are refused, by the names of `pickletools`. */
export const REFUSED_OPCODES: Readonly<Record<number, string>> = {
  70: 'FLOAT',
  73: 'INT',
  76: 'LONG',
  83: 'STRING',
  86: 'UNICODE',
  103: 'GET',
  112: 'PUT',
  105: 'INST',
  111: 'OBJ',
  80: 'PERSID',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
  128: 'PROTO in the middle',
};

/** Opcode POP: removes the top value, or the MARK if a MARK is on top. */
function dropTop(machine: Machine): void {
  if (machine.stack.length === machine.marks.at(-1)) machine.marks.pop();
  else pop(machine);
}
