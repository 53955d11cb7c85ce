/** Reads one pickle as data: values, tensors by reference and placeholders. Executes nothing. */
import { createBudget } from './budget.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';
import { fault, type Machine, pop } from './machine.ts';
import { OPCODES, REFUSED_OPCODES, STOP } from './opcodes.ts';
import type { PickleStorage, PickleValue } from './values.ts';

const PROTO = 0x80;

export interface UnpickleOptions {
  /** Byte range of the file that begins with the pickle; the pickle may end before `end`. */
  begin: number;
  end: number;
  /** Prefix of every error message. */
  source: string;
  /** Maps a persistent id to its storage; by default, a pickle with persistent ids is refused. */
  persistent?: ((machine: Machine, id: PickleValue) => PickleStorage) | undefined;
}

/**
 * Reads the pickle of protocol 2 to 5 at [begin, end) of the open file `descriptor`. Returns the pickle's value and the
 * offset of the byte after the pickle. Throws an `InputError` for a name outside the allow-list (`globals.ts`), an
 * unsupported opcode, a damaged pickle, or one that exceeds the limits of `budget.ts`.
 */
export function unpickle(
  descriptor: number,
  { begin, end, source, persistent }: UnpickleOptions,
): { value: PickleValue; end: number } {
  const reader = createByteReader(descriptor, { begin, end, source });
  const machine: Machine = {
    source,
    reader,
    budget: createBudget(source),
    persistent: (id) => {
      if (persistent) return persistent(machine, id);
      throw fault(machine, 'expected plain data, got a reference to something outside the pickle');
    },
    memo: new Map(),
    stack: [],
    marks: [],
  };
  checkProtocol(machine, reader);
  for (let opcode = reader.byte(); opcode !== STOP; opcode = reader.byte()) {
    machine.budget.step();
    const run = OPCODES[opcode];
    if (run === undefined) throw fault(machine, `expected an opcode of pickle protocol 2 to 5, got ${nameOf(opcode)}`);
    run(machine);
  }
  return { value: pop(machine), end: reader.position() };
}

function checkProtocol(machine: Machine, reader: ByteReader): void {
  const opcode = reader.byte();
  if (opcode !== PROTO) throw fault(machine, `expected a pickle that begins with PROTO, got ${nameOf(opcode)}`);
  const protocol = reader.byte();
  if (protocol < 2 || protocol > 5) throw fault(machine, `expected pickle protocol 2 to 5, got ${protocol}`);
}

function nameOf(opcode: number): string {
  return REFUSED_OPCODES[opcode] ?? `byte ${opcode}`;
}
