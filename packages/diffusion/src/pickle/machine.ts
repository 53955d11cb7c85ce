/** The state of a pickle being read: a stack of values with marks, and the memo. */
import { InputError } from '../errors.ts';
import type { Budget } from './budget.ts';
import type { ByteReader } from './byte-reader.ts';
import { describeValue, isKind, type PickleObject, type PickleStorage, type PickleValue } from './values.ts';

export interface Machine {
  readonly source: string;
  readonly reader: ByteReader;
  readonly budget: Budget;
  /** Returns the storage that a persistent id refers to. */
  readonly persistent: (id: PickleValue) => PickleStorage;
  readonly memo: Map<number, PickleValue>;
  readonly stack: PickleValue[];
  /** Stack heights at which a MARK was pushed. */
  readonly marks: number[];
}

export function push(machine: Machine, value: PickleValue): void {
  if (typeof value === 'bigint' || (typeof value === 'object' && value !== null)) machine.budget.object();
  machine.stack.push(value);
}

export function pop(machine: Machine): PickleValue {
  const { stack, marks } = machine;
  if (stack.length === 0 || stack.length === marks.at(-1))
    throw fault(machine, 'expected a value on the stack, got none');
  return stack.pop()!;
}

export function top(machine: Machine): PickleValue {
  const { stack, marks } = machine;
  if (stack.length === 0 || stack.length === marks.at(-1))
    throw fault(machine, 'expected a value on the stack, got none');
  return stack.at(-1)!;
}

/** Pops the values above the last MARK, and the MARK. */
export function popToMark(machine: Machine): PickleValue[] {
  const height = machine.marks.pop();
  if (height === undefined) throw fault(machine, 'expected a MARK on the stack, got none');
  return machine.stack.splice(height);
}

export function popKind<Kind extends PickleObject['kind']>(
  machine: Machine,
  kind: Kind,
): Extract<PickleObject, { kind: Kind }> {
  const value = pop(machine);
  if (!isKind(value, kind)) throw fault(machine, `expected a ${kind}, got ${describeValue(value)}`);
  return value;
}

/** Makes the error for a problem in the pickle, with the byte position of the problem. */
export function fault({ source, reader }: Machine, problem: string): InputError {
  return new InputError(`${source}: ${problem} (before byte ${reader.position()})`);
}
