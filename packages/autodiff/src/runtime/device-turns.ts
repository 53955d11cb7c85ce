/**
 * Turns at a device with memory of its own. ONNX Runtime gives all sessions of a process one queue of commands and one pool
 * of buffers there, and locks neither: a session that is used, or a tensor that is let go of, while another thread's run
 * is under way ends the process. On the processor everything may overlap, and nothing here waits.
 */
import { createQueue } from '../one-at-a-time.ts';
import { type Device, hasOwnMemory } from './device.ts';
import type { Handle, NativeFunction } from './library.ts';

const queue = createQueue();
let isCallPending = false;
const releases: (() => void)[] = [];

/**
 * Runs `work` when nobody else's is under way on the device: all that binds, runs and reads there, as one piece. A turn
 * within a turn would wait for itself.
 */
export function takeTurn<T>(device: Device, work: () => Promise<T>): Promise<T> {
  return hasOwnMemory(device) ? queue(work) : work();
}

/** A native call on another thread; in a turn there is never a second one. */
export async function callOnDevice<T>(device: Device, call: () => Promise<T>): Promise<T> {
  if (!hasOwnMemory(device)) return call();
  if (isCallPending) throw new Error(`device ${device}: expected one run at a time (takeTurn), got a second one`);
  isCallPending = true;
  try {
    return await call();
  } finally {
    isCallPending = false;
    for (const release of releases.splice(0)) release();
  }
}

/** `release` for what lies on a device: disposal is not told when to happen, so it waits for the end of a pending call. */
export function releaseOnDevice(device: Device, release: NativeFunction): (pointer: Handle) => void {
  if (!hasOwnMemory(device)) return release;
  return (pointer) => {
    if (isCallPending) releases.push(() => release(pointer));
    else release(pointer);
  };
}
