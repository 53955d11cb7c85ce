/**
 * WebAssembly modules assembled from TypeScript: functions with numeric parameters over one exported memory, built from
 * vector instructions. The encoding follows the WebAssembly core specification 2, chapter 5, with the SIMD opcodes.
 * `optimizer-kernels.ts` defines the functions.
 */

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

/** Instructions as bytes; concatenated instructions run one after another. */
export type Code = readonly number[];

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Local variables besides the parameters, which are the first locals. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

const TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const SECTION = { type: 1, function: 3, memory: 5, export: 7, code: 10 };
const EXPORT_FUNCTION = 0;
const EXPORT_MEMORY = 2;
const FUNCTION_TYPE = 0x60;
const EMPTY_BLOCK = 0x40;
const END = 0x0b;
const ALIGN_4 = 2;
const ALIGN_16 = 4;

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...unsigned(Math.floor(value / 128))];
}

/** A non-negative number in signed LEB128, as constants are written. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value % 128) | 128, ...signed(Math.floor(value / 128))];
}

const vector = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

/** Instructions by their names in the specification; operands come from the stack. */
export const code = {
  local: (index: number): Code => [0x20, ...unsigned(index)],
  setLocal: (index: number): Code => [0x21, ...unsigned(index)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  i32Add: [0x6a] as Code,
  i32LessThan: [0x49] as Code,
  f64Add: [0xa0] as Code,
  /** Loads and stores at the address on the stack plus `offset` bytes. */
  load: (offset: number): Code => [...vector(0x00), ALIGN_16, ...unsigned(offset)],
  store: (offset: number): Code => [...vector(0x0b), ALIGN_16, ...unsigned(offset)],
  /** Loads two float32 numbers at an address into the low half of a v128. */
  loadHalf: (offset: number): Code => [...vector(0x5d), ALIGN_4, ...unsigned(offset)],
  splat: vector(0x13),
  add: vector(0xe4),
  sub: vector(0xe5),
  mul: vector(0xe6),
  div: vector(0xe7),
  sqrt: vector(0xe3),
  promoteLow: vector(0x5f),
  f64x2Add: vector(0xf0),
  f64x2Mul: vector(0xf2),
  f64x2Lane: (lane: 0 | 1): Code => [...vector(0x21), lane],
  /** Runs `body` at least once, and repeats it while the i32 that it leaves on the stack is not zero. */
  loop: (...body: Code[]): Code => [0x03, EMPTY_BLOCK, ...body.flat(), 0x0d, 0, END],
};

const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, items: readonly Code[]): number[] => [id, ...sized(list(items))];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);
const types = (values: readonly ValueType[]): number[] => list(values.map((value) => [TYPE_CODES[value]]));

/** The bytes of a module with `functions` and a memory of `pages` (64 KiB each), exported as `memory`. */
export function assembleModule(
  functions: readonly WasmFunction[],
  { pages }: { pages: number },
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      SECTION.type,
      functions.map(({ parameters, results }) => [FUNCTION_TYPE, ...types(parameters), ...types(results)]),
    ),
    ...section(
      SECTION.function,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(SECTION.memory, [[0, ...unsigned(pages)]]),
    ...section(SECTION.export, [
      [...text('memory'), EXPORT_MEMORY, 0],
      ...functions.map(({ name }, index) => [...text(name), EXPORT_FUNCTION, ...unsigned(index)]),
    ]),
    ...section(
      SECTION.code,
      functions.map(({ locals, body }) => sized([...list(locals.map((type) => [1, TYPE_CODES[type]])), ...body, END])),
    ),
  ]);
}
