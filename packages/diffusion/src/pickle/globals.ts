/**
 * The allow-list: the Python names that a checkpoint may refer to, and the data that replaces a call of each. Nothing
 * is imported or run; other names are refused. The list holds what PyTorch, numpy and PyTorch Lightning write into
 * files of weights (compare `torch/_weights_only_unpickler.py`).
 */

import { fault, type Machine } from './machine.ts';
import { numpyArrayState, numpyDtype, numpyFromBuffer, setByteOrder } from './numpy.ts';
import { DTYPES, rebuildFromArray, rebuildTensor, rebuildTyped, STORAGES } from './tensors.ts';
import { describeValue, isKind, type PickleGlobal, type PickleValue } from './values.ts';

type Call = (machine: Machine, args: readonly PickleValue[], path: string) => PickleValue;

const opaque: Call = (_machine, _args, path) => ({ kind: 'opaque', path });
const first: Call = (machine, [value], path) => {
  if (value === undefined) throw fault(machine, `expected an argument of ${path}, got none`);
  return value;
};

const CALLS: Readonly<Record<string, Call>> = {
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_tensor_v3': rebuildTyped,
  'torch._utils._rebuild_parameter': first,
  'torch._utils._rebuild_parameter_with_state': first,
  'torch._utils._rebuild_device_tensor_from_numpy': rebuildFromArray,
  'torch._utils._rebuild_device_tensor_from_cpu_tensor': first,
  'torch._tensor._rebuild_from_type_v2': rebuildSubclass,
  'torch.nn.parameter.Parameter': first,
  'torch.Tensor': opaque,
  'torch.nn.parameter.Buffer': first,
  'torch.nn.modules.container.ParameterDict': opaque,
  'torch.Size': first,
  'torch.device': opaque,
  'torch.storage.UntypedStorage': opaque,
  'torch.storage.TypedStorage': opaque,
  'collections.OrderedDict': makeDict,
  'collections.defaultdict': (machine, args) => makeDict(machine, args.slice(1)),
  'collections.Counter': makeDict,
  'builtins.dict': makeDict,
  'builtins.list': opaque,
  'builtins.tuple': opaque,
  'builtins.set': opaque,
  'builtins.frozenset': opaque,
  'builtins.int': opaque,
  'builtins.float': opaque,
  'builtins.bool': opaque,
  'builtins.str': opaque,
  'builtins.bytes': opaque,
  'builtins.bytearray': opaque,
  'builtins.complex': opaque,
  'builtins.slice': opaque,
  'builtins.object': opaque,
  '_codecs.encode': (machine, [content]) => {
    if (typeof content !== 'string') throw fault(machine, `expected a text to encode, got ${describeValue(content)}`);
    return { kind: 'bytes', content };
  },
  'numpy.dtype': numpyDtype,
  'numpy.ndarray': opaque,
  'numpy.core.multiarray.scalar': opaque,
  'numpy._core.multiarray.scalar': opaque,
  'numpy.core.multiarray._reconstruct': () => ({ kind: 'array', state: undefined }),
  'numpy._core.multiarray._reconstruct': () => ({ kind: 'array', state: undefined }),
  'numpy.core.numeric._frombuffer': numpyFromBuffer,
  'numpy._core.numeric._frombuffer': numpyFromBuffer,
  'argparse.Namespace': opaque,
  'typing.Any': opaque,
  'pathlib.PosixPath': opaque,
  'pathlib.PurePosixPath': opaque,
  'pathlib.WindowsPath': opaque,
  'pathlib.PureWindowsPath': opaque,
  'pytorch_lightning.callbacks.model_checkpoint': opaque,
};

/**
 * Python packages whose classes occur in training checkpoints besides the weights, such as callbacks and settings.
 * Objects of these classes become placeholders.
 */
const PLACEHOLDERS =
  /^(?:pytorch_lightning|lightning\.pytorch|lightning_fabric|lightning\.fabric|omegaconf)(?:\.\w+)*\.[A-Z]\w*$/;

const PYTHON_NAME = /^[\w.]{1,128}$/;

/** Names from Python 2 and from older library versions, mapped to today's names. */
const RENAMED: Readonly<Record<string, string>> = {
  __builtin__: 'builtins',
  'torch.tensor': 'torch',
  'torch.cuda': 'torch',
};

/** Resolves the global `module.name`. Throws when the name is not on the allow-list; the message quotes the name. */
export function resolveGlobal(machine: Machine, module: string, name: string): PickleGlobal {
  const path = `${Object.hasOwn(RENAMED, module) ? RENAMED[module] : module}.${name}`;
  const isAllowed =
    Object.hasOwn(CALLS, path) ||
    Object.hasOwn(STORAGES, path) ||
    Object.hasOwn(DTYPES, path) ||
    (path.length < 256 && PLACEHOLDERS.test(path));
  if (isAllowed) return { kind: 'global', path };
  if (!PYTHON_NAME.test(`${module}.${name}`)) throw fault(machine, 'expected a name of Python, got other bytes');
  throw fault(
    machine,
    `expected tensors and plain data alone, got the name "${module}.${name}", which heed neither imports nor runs`,
  );
}

/** The data that replaces `callee(*args)`. Throws for anything but an allow-listed name. */
export function call(machine: Machine, callee: PickleValue, args: readonly PickleValue[]): PickleValue {
  if (!isKind(callee, 'global')) throw fault(machine, `expected a name to be called, got ${describeValue(callee)}`);
  const { path } = callee;
  const make = Object.hasOwn(CALLS, path) ? CALLS[path] : PLACEHOLDERS.test(path) ? opaque : undefined;
  if (make === undefined) throw fault(machine, `expected a function or class to be called, got ${path}`);
  return make(machine, args, path);
}

/**
 * Applies `state` to `target` as data, in place of a call of `target.__setstate__(state)`. Attributes of dicts and
 * placeholders are dropped.
 */
export function build(machine: Machine, target: PickleValue, state: PickleValue): void {
  if (isKind(target, 'dict') || isKind(target, 'opaque') || isKind(target, 'tensor')) return;
  if (isKind(target, 'dtype')) setByteOrder(machine, target, state);
  else if (isKind(target, 'array')) target.state = numpyArrayState(machine, state);
  else throw fault(machine, `expected an object that has a state, got ${describeValue(target)}`);
}

/** Makes an empty dict, or a dict from pairs, which is how Python 2 writes ordered dicts. */
function makeDict(machine: Machine, [pairs]: readonly PickleValue[]): PickleValue {
  const entries = new Map<PickleValue, PickleValue>();
  if (isKind(pairs, 'list') || isKind(pairs, 'tuple')) {
    machine.budget.step(pairs.items.length);
    for (const pair of pairs.items) {
      if (!(isKind(pair, 'list') || isKind(pair, 'tuple')) || pair.items.length !== 2)
        throw fault(machine, `expected pairs of key and value, got ${describeValue(pair)}`);
      entries.set(pair.items[0]!, pair.items[1]!);
    }
  } else if (isKind(pairs, 'dict')) {
    machine.budget.step(pairs.entries.size);
    for (const [key, value] of pairs.entries) entries.set(key, value);
  }
  return { kind: 'dict', entries };
}

/** Rebuilds a tensor from `(function, type, args, state)`; the tensor's extra attributes in `state` are dropped. */
function rebuildSubclass(machine: Machine, [callee, , args]: readonly PickleValue[]): PickleValue {
  if (!isKind(args, 'tuple') || (isKind(callee, 'global') && callee.path === 'torch._tensor._rebuild_from_type_v2'))
    throw fault(machine, 'expected the arguments of a tensor, got others');
  return call(machine, callee ?? null, args.items);
}
