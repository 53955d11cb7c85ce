/** Converts the persistent ids of a PyTorch pickle to storages. Source: `torch/serialization.py`. */
import { fault, type Machine } from '../pickle/machine.ts';
import { STORAGES } from '../pickle/tensors.ts';
import { describeValue, isKind, type PickleStorage, type PickleValue } from '../pickle/values.ts';

/**
 * The storage of the persistent id `('storage', type, key, location, size)`. In the legacy format, the tuple has one
 * more item: None or `(key of the view, offset, size)`.
 */
export function storageOf(machine: Machine, id: PickleValue): PickleStorage {
  const items = isKind(id, 'tuple') ? id.items : [];
  const [tag, type, key, , size, viewed] = items;
  if (tag !== 'storage' || !isKind(type, 'global') || !Object.hasOwn(STORAGES, type.path))
    throw fault(machine, `expected a reference to a storage of numbers, got ${describeReference(tag, type)}`);
  const name = typeof key === 'number' ? String(key) : key;
  if (typeof name !== 'string' || !isSize(size))
    throw fault(
      machine,
      `expected the key and the size of a storage, got ${describeValue(key)} and ${describeValue(size)}`,
    );
  const storage = { kind: 'storage', type: STORAGES[type.path] ?? undefined, key: name } as const;
  if (viewed === undefined || viewed === null) return { ...storage, size, offset: 0 };
  const [, offset, viewSize] = isKind(viewed, 'tuple') ? viewed.items : [];
  if (!isSize(offset) || !isSize(viewSize) || offset + viewSize > size)
    throw fault(machine, `expected a view within a storage of ${size} numbers, got another`);
  return { ...storage, size: viewSize, offset };
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function describeReference(tag: PickleValue | undefined, type: PickleValue | undefined): string {
  if (tag === 'storage') return describeValue(type);
  return typeof tag === 'string' ? JSON.stringify(tag.slice(0, 64)) : describeValue(tag);
}
