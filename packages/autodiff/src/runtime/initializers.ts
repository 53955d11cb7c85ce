/**
 * Gives a session the values of its model's external initializers; the session copies the values or reads them in
 * place.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXTERNAL_LOCATION } from '../onnx/encode.ts';
import { check, ort } from './api.ts';
import { type HostTensor, hostValue } from './host-tensor.ts';
import type { Handle } from './library.ts';
import type { NativeHandle } from './native-handle.ts';

/** An array that a session reads in place, with the OrtValue over the array. */
export interface LentTensor {
  readonly tensor: HostTensor;
  readonly value: NativeHandle;
}

/**
 * Adds the initializers' values to the session options and calls `create`. Returns the result of `create` and the
 * values to keep until the session is released, none if the runtime copied the values.
 */
export async function withInitializers<T>(
  options: Handle,
  initializers: ReadonlyMap<string, HostTensor>,
  { share }: { share: boolean },
  create: () => Promise<T>,
): Promise<{ created: T; lent: readonly LentTensor[] }> {
  const named = [...initializers].map(([name, tensor]) => ({
    name,
    tensor: { ...tensor },
    value: hostValue(`initializer ${name}`, tensor),
  }));
  const releaseAll = () => {
    for (const { value } of named) value.release();
  };
  if (named.length === 0) return { created: await create(), lent: [] };
  try {
    if (share) return { created: await createSharing(options, named, create), lent: named };
    const pointers = named.map(({ value }) => value.pointer);
    check(ort.AddExternalInitializers(options, [...initializers.keys()], pointers, pointers.length));
    const created = await create();
    releaseAll();
    return { created, lent: [] };
  } catch (error) {
    releaseAll();
    throw error;
  }
}

/**
 * ONNX Runtime requires that the file of an external tensor exists, although it never reads the file of a shared
 * tensor.
 */
async function createSharing<T>(
  options: Handle,
  named: readonly { name: string; value: NativeHandle }[],
  create: () => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'heed-session-'));
  try {
    await writeFile(join(folder, EXTERNAL_LOCATION), '');
    check(ort.AddSessionConfigEntry(options, 'session.model_external_initializers_file_folder_path', folder));
    for (const { name, value } of named) check(ort.AddInitializer(options, name, value.pointer));
    return await create();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
