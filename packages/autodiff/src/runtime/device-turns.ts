/**
 * A mutex for a device with its own memory. On these devices all sessions of a process share one command queue and one
 * buffer pool, and ONNX Runtime locks neither. Using a session or freeing a tensor while another thread's run is
 * pending ends the process. On the CPU all work may overlap, and the mutex never waits.
 */
import { createQueue } from '../one-at-a-time.ts';
import { type Device, hasOwnMemory } from './device.ts';
import type { Handle, NativeFunction } from './library.ts';

const queue = createQueue();
let isCallPending = false;
const releases: (() => void)[] = [];

/**
 * Runs `work` while no other work uses the device. The work of one call binds tensors, runs the session and reads the
 * results. A call of `takeTurn` inside `work` would deadlock.
 */
export function takeTurn<T>(device: Device, work: () => Promise<T>): Promise<T> {
  return hasOwnMemory(device) ? queue(work) : work();
}

/**
 * Makes a native call on another thread. The caller must have the mutex (`takeTurn`), so that only one native call is
 * pending at a time.
 */
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

/**
 * Returns a function that calls `release` for memory on a device. Memory can be disposed of at any time, so this
 * function waits for the end of a pending native call.
 */
export function releaseOnDevice(device: Device, release: NativeFunction): (pointer: Handle) => void {
  if (!hasOwnMemory(device)) return release;
  return (pointer) => {
    if (isCallPending) releases.push(() => release(pointer));
    else release(pointer);
  };
}
