/**
 * One thread that makes all runs of captured CUDA graphs. A captured CUDA graph belongs to the thread that captured it,
 * and libuv's pool has several threads. The thread receives addresses, calls the runtime, and returns the status. The
 * event loop stays free.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { runWithBindingAddress } from './api.ts';
import { type Handle, STACK_BYTES } from './library.ts';

interface RunThread {
  /** Calls ONNX Runtime's RunWithBinding(session, options, binding) on this thread. Resolves with its status. */
  run(handles: readonly Handle[]): Promise<Handle | null>;
}

/**
 * The worker's code is text, so that it needs no TypeScript loader. koffi allocates a thread's call stack when that
 * thread loads a library; a native call before that crashes the process.
 */
const CODE = `
const { parentPort, workerData } = require('node:worker_threads');
const koffi = require(workerData.koffi);
koffi.config({ ...koffi.config(), sync_stack_size: workerData.stackBytes });
koffi.load(null);
const run = koffi.decode(workerData.address, koffi.proto('void *', ['void *', 'void *', 'void *']));
parentPort.on('message', (handles) => parentPort.postMessage(run(...handles)));
`;

let thread: RunThread | undefined;

/**
 * Makes a run on the process's only thread for captured graphs, which starts at the first call. Only one run may be
 * pending at a time.
 */
export function runOnThread(handles: readonly Handle[]): Promise<Handle | null> {
  thread ??= startThread();
  return thread.run(handles);
}

function startThread(): RunThread {
  const koffi = createRequire(import.meta.url).resolve('koffi');
  const workerData = { koffi, stackBytes: STACK_BYTES, address: runWithBindingAddress };
  // An idle thread does not keep the process alive.
  const worker = new Worker(CODE, { eval: true, workerData, execArgv: [] });
  worker.unref();
  return {
    run: (handles) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          worker.removeAllListeners('message').removeAllListeners('error');
          worker.unref();
          end();
        };
        worker.ref();
        worker.once('message', (status: Handle | null) => settle(() => resolve(status)));
        worker.once('error', (error) => settle(() => reject(error)));
        worker.postMessage(handles);
      }),
  };
}
