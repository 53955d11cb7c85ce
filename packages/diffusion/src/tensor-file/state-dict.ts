/** Finds the tensors in a checkpoint's contents: a state dict, possibly nested beside settings and optimizer states. */
import { InputError } from '../errors.ts';
import { isKind, type PickleTensor, type PickleValue } from '../pickle/values.ts';

const MAX_NAME = 1024;

/**
 * Tensors by name. If there is a dict `state_dict`, only its tensors are used, as in diffusers. Otherwise all tensors
 * are used; tensors of inner dicts and lists are named `outer.inner`. A dict that occurs several times is read once, at
 * its first place. Throws an `InputError` that begins with `source` for a value that is no dict, and for names that no
 * model has.
 */
export function stateDict(root: PickleValue, source: string): Map<string, PickleTensor> {
  let top = root;
  const opened = new Set<PickleValue>();
  while (isKind(top, 'dict') && isKind(top.entries.get('state_dict'), 'dict') && !opened.has(top)) {
    opened.add(top);
    top = top.entries.get('state_dict')!;
  }
  if (!isKind(top, 'dict')) throw new InputError(`${source}: expected a dict of tensors, got something else`);
  const tensors = new Map<string, PickleTensor>();
  const seen = new Set<PickleValue>();
  const waiting: { value: PickleValue; prefix: string }[] = [{ value: top, prefix: '' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, prefix } = next;
    if (seen.has(value)) continue;
    seen.add(value);
    const inner: typeof waiting = [];
    for (const [key, item] of itemsOf(value)) {
      const name = prefix + key;
      if (isKind(item, 'tensor')) addTensor(tensors, name, item, source);
      else if (isKind(item, 'dict') || isKind(item, 'list') || isKind(item, 'tuple'))
        inner.push({ value: item, prefix: checkName(`${name}.`, source) });
    }
    waiting.push(...inner.reverse());
  }
  return tensors;
}

function* itemsOf(value: PickleValue): Iterable<[string, PickleValue]> {
  if (isKind(value, 'dict')) {
    for (const [key, item] of value.entries) {
      if (typeof key === 'string' || typeof key === 'number') yield [String(key), item];
    }
  } else if (isKind(value, 'list') || isKind(value, 'tuple')) {
    for (const [index, item] of value.items.entries()) yield [String(index), item];
  }
}

function addTensor(tensors: Map<string, PickleTensor>, name: string, tensor: PickleTensor, source: string): void {
  checkName(name, source);
  if (tensors.has(name))
    throw new InputError(`${source}: tensor ${JSON.stringify(name)}: expected it once, got it twice`);
  tensors.set(name, tensor);
}

function checkName(name: string, source: string): string {
  if (name.length > MAX_NAME)
    throw new InputError(`${source}: expected names of at most ${MAX_NAME} characters, got one of ${name.length}`);
  return name;
}
