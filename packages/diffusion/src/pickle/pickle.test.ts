/** Pickles that want to run something, to fill the memory or to read past their storage: each ends in one sentence. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { openTensorFile } from '../tensor-file/open-tensor-file.ts';
import { loadTensors } from '../tensor-file/read-tensors.ts';
import { encode, op, type PythonCall, type PythonValue, pickleOf, uint32 } from '../testing/pickle-writer.ts';
import { zipOf } from '../testing/torch-file.ts';

/** Of work on one file, whatever else the machine does. */
const LIMIT_MS = 6000;

let path: string;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-pickle-'));
  path = join(folder, 'file.pth');
});
afterAll(() => rm(folder, { recursive: true }));

/** The end of the sentence with which an archive of this pickle, and of one storage of four numbers, is refused. */
async function refusalOf(pickle: Buffer): Promise<string> {
  await writeFile(path, archive(pickle));
  const started = process.cpuUsage();
  const error = await openTensorFile(path).then(
    (file) => file.close().then(() => undefined),
    (reason: unknown) => reason,
  );
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(LIMIT_MS);
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message.startsWith(`${path}: `)).toBe(true);
  expect(message).toMatch(/expected .+, got /);
  expect(message).not.toContain('\n');
  expect(message.length).toBeLessThan(500);
  return message.slice(path.length + 2);
}

function archive(pickle: Buffer): Buffer {
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  return zipOf([
    ['a/data.pkl', pickle],
    ['a/data/0', numbers],
    ['a/version', Buffer.from('3\n')],
  ]);
}

async function tensorsOf(pickle: Buffer) {
  await writeFile(path, archive(pickle));
  const tensors = await loadTensors(path);
  return Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, { shape, data: [...data] }]));
}

const global = (module: string, name: string) => ({ global: [module, name] }) as const;
const call = (module: string, name: string, ...args: PythonValue[]): PythonCall => ({
  call: global(module, name),
  args,
});
const storage = { reference: { tuple: ['storage', global('torch', 'FloatStorage'), '0', 'cpu', 4] } } as const;
const tensor = (offset: PythonValue, shape: PythonValue[], strides: PythonValue[]): PythonCall =>
  call('torch._utils', '_rebuild_tensor_v2', storage, offset, { tuple: shape }, { tuple: strides }, false, null);
const WHOLE = tensor(0, [4], [1]);
const dict = (...pairs: [PythonValue, PythonValue][]) => new Map<PythonValue, PythonValue>(pairs);
const raw = (...parts: (Buffer | string)[]) =>
  Buffer.concat([op('\x80\x02'), ...parts.map((part) => (typeof part === 'string' ? op(part) : part)), op('.')]);
const repeat = (text: string, count: number) => Buffer.alloc(text.length * count, Buffer.from(text, 'latin1'));

describe('a name that is not on the list is refused, and nothing is run', () => {
  test.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['subprocess', 'Popen'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['builtins', 'getattr'],
    ['builtins', '__import__'],
    ['__builtin__', 'eval'],
    ['torch', 'load'],
    ['torch.hub', 'load'],
    ['torch.storage', '_load_from_bytes'],
    ['torch.serialization', 'load'],
    ['torch.utils.data', 'Dataset'],
    ['numpy', 'load'],
    ['numpy.testing._private.utils', 'runstring'],
    ['pickle', 'loads'],
    ['copyreg', '_reconstructor'],
    ['functools', 'partial'],
    ['operator', 'attrgetter'],
    ['collections', 'OrderedDict.fromkeys'],
    ['pytorch_lightning.utilities.cloud_io', 'load'],
    ['pytorch_lightning.callbacks.os', 'system'],
    ['pytorch_lightningX.callbacks', 'ModelCheckpoint'],
    ['omegaconf', 'os'],
    ['__main__', 'Net'],
    ['ldm.models.diffusion.ddpm', 'LatentDiffusion'],
    ['', ''],
  ])('%s.%s', async (module, name) => {
    const file = join(folder, 'run');
    const expected =
      module === ''
        ? /got the name "\."/
        : new RegExp(
            `got the name "${`${module}.${name}`.replaceAll('.', '\\.')}", which heed neither imports nor runs`,
          );
    expect(await refusalOf(pickleOf(dict(['a', call(module, name, `touch ${file}`)])))).toMatch(expected);
    expect(await refusalOf(pickleOf(dict(['a', WHOLE], ['b', global(module, name)])))).toMatch(expected);
    const stackGlobal = raw(encode(module), encode(name), '\x93', encode({ tuple: [`touch ${file}`] }), 'R');
    expect(await refusalOf(stackGlobal)).toMatch(expected);
    expect(existsSync(file)).toBe(false);
  });

  test('by the opcodes of older protocols neither', async () => {
    expect(await refusalOf(raw('(', encode('ls'), 'ios\nsystem\n'))).toMatch(/protocol 2 to 5, got INST/);
    expect(await refusalOf(raw('(cbuiltins\nset\n', encode('ls'), 'o'))).toMatch(/protocol 2 to 5, got OBJ/);
    expect(await refusalOf(raw('P0\n'))).toMatch(/protocol 2 to 5, got PERSID/);
    expect(await refusalOf(raw('\x82\x01'))).toMatch(/protocol 2 to 5, got EXT1/);
    expect(await refusalOf(raw('\x97'))).toMatch(/protocol 2 to 5, got NEXT_BUFFER/);
    expect(await refusalOf(raw('\x80\x02'))).toMatch(/got PROTO in the middle/);
    expect(await refusalOf(raw('I1\n'))).toMatch(/got INT/);
    expect(await refusalOf(Buffer.from('cos\nsystem\n(S"ls"\ntR.'))).toMatch(/begins with PROTO, got byte 99/);
    expect(await refusalOf(op('\x80\x07N.'))).toMatch(/expected pickle protocol 2 to 5, got 7/);
    expect(await refusalOf(op('\x80\x02\xff.'))).toMatch(/got byte 255/);
  });

  test('nor is what no name stands for called', async () => {
    expect(await refusalOf(raw(encode('os.system'), ')R'))).toMatch(/expected a name to be called, got a text/);
    expect(await refusalOf(raw(encode(WHOLE), ')R'))).toMatch(/expected a name to be called, got a tensor/);
    expect(await refusalOf(raw(encode(storage), ')\x81'))).toMatch(/expected a name to be called, got a storage/);
    expect(await refusalOf(raw('ctorch\nFloatStorage\n', ')R'))).toMatch(/to be called, got torch.FloatStorage/);
    expect(await refusalOf(raw('ctorch\nfloat32\n', ')R'))).toMatch(/to be called, got torch.float32/);
    const nested = call('torch._tensor', '_rebuild_from_type_v2', global('torch._tensor', '_rebuild_from_type_v2'));
    expect(await refusalOf(pickleOf({ call: nested.call, args: [nested.call, null, { tuple: [] }, null] }))).toMatch(
      /expected the arguments of a tensor, got others/,
    );
  });

  test('nor is anything but a storage looked up outside the pickle', async () => {
    const refer = (...id: PythonValue[]) => refusalOf(pickleOf({ reference: { tuple: id } }));
    expect(await refer('module', global('torch', 'Tensor'), 'a.py', 'source')).toMatch(/got "module"/);
    expect(await refer()).toMatch(/expected a reference to a storage of numbers, got nothing/);
    expect(await refusalOf(raw(encode('/etc/passwd'), 'Q'))).toMatch(/expected a reference to a storage/);
    expect(await refer('storage', global('torch', 'QInt8Storage'), '0', 'cpu', 4)).toMatch(/"torch.QInt8Storage"/);
    expect(await refer('storage', global('torch', 'Size'), '0', 'cpu', 4)).toMatch(/got torch.Size/);
    expect(await refer('storage', global('torch', 'FloatStorage'), '0', 'cpu', -4)).toMatch(
      /got a text and the number/,
    );
    const missing = { reference: { tuple: ['storage', global('torch', 'FloatStorage'), '../0', 'cpu', 4] } } as const;
    const lost = call('torch._utils', '_rebuild_tensor_v2', missing, 0, { tuple: [4] }, { tuple: [1] }, false, null);
    expect(await refusalOf(pickleOf(dict(['a', lost])))).toMatch(/expected an entry "data\/\.\.\/0", got none/);
  });
});

describe('a pickle cannot ask for much', () => {
  test('of steps and objects', async () => {
    const objects = /expected at most 500000 objects, got more$/;
    const steps = /expected at most 2000000 steps, got more$/;
    expect(await refusalOf(raw(repeat('}', 2_000_000)))).toMatch(objects);
    expect(await refusalOf(raw(repeat(']', 2_000_000)))).toMatch(objects);
    expect(await refusalOf(raw('N', repeat('\x85', 2_000_000)))).toMatch(objects);
    expect(await refusalOf(raw(repeat('(', 2_100_000)))).toMatch(steps);
    expect(await refusalOf(raw(']', repeat('2', 2_100_000)))).toMatch(steps);
    expect(await refusalOf(raw(repeat('C\x00', 1_000_000)))).toMatch(objects);
  });

  test('by calls that copy', async () => {
    const pairs = Buffer.concat([
      op('ccollections\nOrderedDict\nq\x00]('),
      repeat('K\x01K\x02\x86', 100_000),
      op('e\x85q\x01'),
    ]);
    expect(await refusalOf(raw(pairs, repeat('h\x00h\x01R', 1000)))).toMatch(/expected at most 2000000 steps/);
    // Encoding the same long text again and again copies nothing.
    const text = Buffer.concat([
      op('c_codecs\nencode\nq\x00X'),
      uint32(10 ** 6),
      Buffer.alloc(10 ** 6, 'x'),
      op('q\x010'),
    ]);
    const before = process.memoryUsage().rss;
    const many = Buffer.concat([
      op('\x80\x02'),
      text,
      op('0}'),
      op('X\x01\x00\x00\x00a'),
      repeat('h\x00h\x01\x85R0', 50_000),
      encode(WHOLE),
      op('s.'),
    ]);
    expect(await tensorsOf(many)).toEqual({ a: { shape: [4], data: [1, 2, 3, 4] } });
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });

  test('by announced lengths', async () => {
    const cutOff = /expected a pickle that ends with STOP, got its end/;
    expect(await refusalOf(raw('X\xff\xff\xff\xff'))).toMatch(cutOff);
    expect(await refusalOf(raw('B\xff\xff\xff\xff'))).toMatch(cutOff);
    expect(await refusalOf(raw('\x8d\xff\xff\xff\xff\xff\xff\x0f\x00'))).toMatch(cutOff);
    expect(await refusalOf(raw('\x8e\xff\xff\xff\xff\xff\xff\xff\xff'))).toMatch(/a size that a file can have/);
    expect(await refusalOf(raw('\x96\x00\x00\x00\x00\x01\x00\x00\x00'))).toMatch(cutOff);
    expect(await refusalOf(raw('\x8b\xff\xff\xff\x7f'))).toMatch(
      /an integer of at most 64 bytes, got one of 2147483647/,
    );
    expect(await refusalOf(raw('\x8b\xff\xff\xff\xff'))).toMatch(
      /an integer of at most 64 bytes, got one of 4294967295/,
    );
    expect(await refusalOf(raw('\x8a\xff', repeat('\x01', 255)))).toMatch(
      /an integer of at most 64 bytes, got one of 255/,
    );
    expect(await refusalOf(raw('c', repeat('x', 5000)))).toMatch(/a name of at most 1024 bytes, got a longer one/);
    expect(await refusalOf(op('\x80\x02}'))).toMatch(cutOff);
    expect(await refusalOf(op(''))).toMatch(/ends with STOP, got/);
  });

  test('by containers within containers', async () => {
    // Billion laughs: 2^60 paths to one tensor.
    const laughs = Array.from({ length: 60 }, (_, i) =>
      Buffer.concat([
        op(`q${String.fromCharCode(i)}0}(`),
        encode('a'),
        op(`h${String.fromCharCode(i)}`),
        encode('b'),
        op(`h${String.fromCharCode(i)}u`),
      ]),
    );
    const tensors = await tensorsOf(raw(encode(dict(['x', WHOLE])), ...laughs));
    expect(Object.keys(tensors)).toEqual([`${'a.'.repeat(60)}x`]);
    const lists = Array.from({ length: 60 }, (_, i) =>
      op(`q${String.fromCharCode(i)}0](${`h${String.fromCharCode(i)}`.repeat(10)}e`),
    );
    expect(await refusalOf(raw(']', ...lists))).toMatch(/expected a dict of tensors, got something else/);
    // Dicts and lists that hold themselves.
    expect(await refusalOf(raw(']q\x00h\x00a'))).toMatch(/expected a dict of tensors/);
    const itself = raw('}q\x00', encode('state_dict'), 'h\x00s', encode('x'), encode(WHOLE), 's');
    expect(Object.keys(await tensorsOf(itself))).toEqual(['x']);
    const deep = raw(
      '}(',
      ...Array.from({ length: 3000 }, () => op('X\x01\x00\x00\x00a}(')),
      encode('x'),
      encode(WHOLE),
      repeat('u', 3001),
    );
    expect(await refusalOf(deep)).toMatch(/expected names of at most 1024 characters, got one of 1026/);
  });

  test('of memo and stack', async () => {
    expect(await refusalOf(raw('h\x05'))).toMatch(/expected memo 5 to be set, got nothing there/);
    expect(await refusalOf(raw('j\xff\xff\xff\xff'))).toMatch(/expected memo 4294967295 to be set/);
    expect(await refusalOf(raw('r\xff\xff\xff\xff'))).toMatch(/expected a value on the stack, got none/);
    expect(await refusalOf(raw(''))).toMatch(/expected a value on the stack, got none/);
    expect(await refusalOf(raw('0'))).toMatch(/expected a value on the stack/);
    expect(await refusalOf(raw('N(2'))).toMatch(/expected a value on the stack/);
    expect(await refusalOf(raw('t'))).toMatch(/expected a MARK on the stack, got none/);
    expect(await refusalOf(raw('N1'))).toMatch(/expected a MARK on the stack, got none/);
    expect(await refusalOf(raw('}(Nu'))).toMatch(/expected keys and values in pairs, got 1 items/);
    expect(await refusalOf(raw('}Na'))).toMatch(/expected a list to append to, got a dict/);
    expect(await refusalOf(raw(']NNs'))).toMatch(/expected a dict to fill, got a list/);
    expect(await refusalOf(raw('NNb'))).toMatch(/expected an object that has a state, got None/);
    expect(await refusalOf(raw('NN\x93'))).toMatch(/expected the names of a module and a global, got None/);
    expect(await refusalOf(raw('cbuiltins\nset\nNR'))).toMatch(/expected a tuple, got None/);
  });
});

describe('a tensor lies within its storage', () => {
  test.each<[what: string, value: PythonValue, sentence: RegExp]>([
    ['too long', tensor(0, [5], [1]), /within its storage of 4 numbers, got one that needs 5/],
    ['too far', tensor(4, [1], [1]), /within its storage of 4 numbers, got one that needs 5/],
    ['strides too wide', tensor(0, [2, 2], [3, 1]), /got one that needs 5/],
    ['negative strides', tensor(3, [4], [-1]), /expected strides of integers from 0 to 2\^53 - 1, got the number -1/],
    ['a negative offset', tensor(-1, [1], [1]), /expected an offset of integers from 0/],
    ['a negative size', tensor(0, [-4], [1]), /expected a shape of integers from 0/],
    ['a size that is no integer', tensor(0, [1.5], [1]), /expected a shape of integers/],
    ['a huge offset', tensor(2 ** 52, [1], [2 ** 52]), /got one that needs 45035\d+/],
    ['huge sizes', tensor(0, [2 ** 52, 2 ** 52, 2 ** 52], [2 ** 52, 1, 1]), /needs 2\.\d+e\+31|needs \d+/],
    ['too few strides', tensor(0, [2, 2], [1]), /expected a stride for each of 2 axes, got 1/],
    ['too many axes', tensor(0, new Array(17).fill(1), new Array(17).fill(1)), /of at most 16 axes, got 17/],
    [
      'an endless repetition',
      tensor(0, [2 ** 40], [0]),
      /expected tensors of about 4 numbers as stored, got views that make 1099511627776/,
    ],
    ['a repetition of nothing', tensor(0, [2 ** 50, 2 ** 50, 2 ** 50], [0, 0, 0]), /got views that make 1\.4\d+e\+45/],
    [
      'no storage',
      call('torch._utils', '_rebuild_tensor_v2', 4, 0, { tuple: [] }, { tuple: [] }),
      /expected the storage of a tensor/,
    ],
  ])('%s', async (_, value, sentence) => {
    expect(await refusalOf(pickleOf(dict(['a', value])))).toMatch(sentence);
  });

  test('many that share one cannot ask for much together', async () => {
    const many = raw(
      '}(',
      encode('t'),
      encode(tensor(0, [2 ** 20], [0])),
      'q\x00',
      ...Array.from({ length: 40 }, (_, i) => Buffer.concat([encode(`t${i}`), op('h\x00')])),
      'u',
    );
    expect(await refusalOf(many)).toMatch(/got views that make 42991616 of them/);
  });

  test('and its storage has the bytes that it says', async () => {
    const wrong = (type: string, size: number) =>
      call(
        'torch._utils',
        '_rebuild_tensor_v2',
        { reference: { tuple: ['storage', global('torch', type), '0', 'cpu', size] } },
        0,
        { tuple: [1] },
        { tuple: [1] },
      );
    expect(await refusalOf(pickleOf(dict(['a', wrong('FloatStorage', 3)])))).toMatch(
      /expected 12 bytes in "data\/0", got 16/,
    );
    expect(await refusalOf(pickleOf(dict(['a', wrong('DoubleStorage', 4)])))).toMatch(
      /expected 32 bytes in "data\/0", got 16/,
    );
    expect(await refusalOf(pickleOf(dict(['a', wrong('FloatStorage', 2 ** 51)])))).toMatch(
      /expected 9007199254740992 bytes/,
    );
  });

  test('views of any order are read', async () => {
    expect(
      await tensorsOf(
        pickleOf(
          dict(
            ['a', tensor(1, [2], [2])],
            ['b', tensor(0, [2, 2], [1, 2])],
            ['c', tensor(2, [], [])],
            ['d', tensor(3, [3], [0])],
            ['e', tensor(0, [0, 9], [1, 1])],
            ['f', tensor(0, [3, 2], [1, 1])],
          ),
        ),
      ),
    ).toEqual({
      a: { shape: [2], data: [2, 4] },
      b: { shape: [2, 2], data: [1, 3, 2, 4] },
      c: { shape: [], data: [3] },
      d: { shape: [3], data: [4, 4, 4] },
      e: { shape: [0, 9], data: [] },
      f: { shape: [3, 2], data: [1, 2, 2, 3, 3, 4] },
    });
  });
});

describe('what training programs leave beside weights is passed over', () => {
  const read = (...pairs: [PythonValue, PythonValue][]) => tensorsOf(pickleOf(dict(['w', WHOLE], ...pairs)));
  const w = { w: { shape: [4], data: [1, 2, 3, 4] } };

  test.each<[what: string, value: PythonValue]>([
    ['a class of PyTorch Lightning', global('pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint')],
    ['its module', global('pytorch_lightning.callbacks', 'model_checkpoint')],
    ['its attributes', call('pytorch_lightning.utilities.parsing', 'AttributeDict')],
    ['settings', call('omegaconf.dictconfig', 'DictConfig')],
    ['a namespace', call('argparse', 'Namespace')],
    ['a path', call('pathlib', 'PosixPath', '/', 'tmp')],
    [
      'a numpy scalar',
      call(
        'numpy.core.multiarray',
        'scalar',
        call('numpy', 'dtype', 'f8', false, true),
        call('_codecs', 'encode', 'x', 'latin1'),
      ),
    ],
    ['a set of Python 2', call('__builtin__', 'set', ['a'])],
    ['a device', call('torch', 'device', 'cuda', 0)],
    ['a dtype', global('torch', 'float16')],
    ['a size', call('torch', 'Size', { tuple: [1, 2] })],
    ['an int above 2^53', 2 ** 60],
    ['a storage', storage],
  ])('%s', async (_, value) => {
    expect(await read(['other', value], [value, 'other'])).toEqual(w);
  });

  test('and objects of such classes may be filled and have a state', async () => {
    const object = Buffer.concat([op('comegaconf.dictconfig\nDictConfig\n)\x81}'), encode('a'), op('NsbK\x01K\x02s')]);
    expect(await tensorsOf(raw('}(', encode('w'), encode(WHOLE), encode('hparams'), object, 'u'))).toEqual(w);
  });

  test('and a state dict that lies deeper is found', async () => {
    expect(await read(['state_dict', 4])).toEqual(w);
    expect(
      await tensorsOf(pickleOf(dict(['x', WHOLE], ['state_dict', dict(['state_dict', dict(['w', WHOLE])])]))),
    ).toEqual(w);
    const ordered = call('collections', 'OrderedDict', [{ tuple: ['w', WHOLE] }]);
    expect(await tensorsOf(pickleOf(dict(['state_dict', ordered])))).toEqual(w);
    const parameter = call('torch._utils', '_rebuild_parameter', WHOLE, true, null);
    expect(await tensorsOf(pickleOf(dict(['w', parameter])))).toEqual(w);
    const twice = dict(['a', dict(['b', WHOLE])], ['a.b', WHOLE]);
    expect(await refusalOf(pickleOf(twice))).toMatch(/tensor "a.b": expected it once, got it twice/);
    expect(await refusalOf(pickleOf([WHOLE]))).toMatch(/expected a dict of tensors/);
  });
});
