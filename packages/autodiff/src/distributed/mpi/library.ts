/**
 * Open MPI's C functions through koffi. The library is loaded only if a launcher started several processes. MPI's
 * communicator and type handles are addresses of Open MPI's symbols; MPICH's integer handles are not supported.
 */
import koffi from 'koffi';
import { InputError } from '../../errors.ts';
import { growStacks } from '../../runtime/library.ts';
import { pinLibrary } from '../../runtime/pin-library.ts';

/** Library name with a version, because the name without a version exists only in the development package. */
const LIBRARY = process.platform === 'darwin' ? 'libmpi.40.dylib' : 'libmpi.so.40';
const THREAD_SERIALIZED = 2;

type Pointer = ArrayBufferView | bigint | null;
type Call = (...parameters: (Pointer | number)[]) => number;
interface MpiFunction extends Call {
  async(...parameters: [...(Pointer | number)[], (error: Error | null, result: number) => void]): void;
}

/** The MPI functions that heed calls, and the handles that these functions take. */
export type Mpi = ReturnType<typeof openMpi>;

/** Loads libmpi and starts MPI. Throws when Open MPI is not installed. Blocks until all ranks have started. */
export function openMpi() {
  growStacks();
  const library = load();
  const define = (name: string, types: string[]) => library.func(name, 'int', types) as unknown as MpiFunction;
  const initThread = define('MPI_Init_thread', ['void *', 'void *', 'int', 'void *']);
  const provided = new Int32Array(new ArrayBuffer(64), 0, 1);
  check('MPI_Init_thread', initThread(null, null, THREAD_SERIALIZED, provided));
  if (provided[0]! < THREAD_SERIALIZED) {
    throw new InputError(
      `Open MPI: expected support for calls from several threads (MPI_THREAD_SERIALIZED), got level ${provided[0]}`,
    );
  }
  return {
    /** Keeps the library loaded, because koffi unloads a library when its object is garbage-collected. */
    library,
    world: library.symbol('ompi_mpi_comm_world') as bigint,
    byte: library.symbol('ompi_mpi_byte') as bigint,
    alltoall: define('MPI_Alltoall', ['void *', 'int', 'void *', 'void *', 'int', 'void *', 'void *']),
    allgather: define('MPI_Allgather', ['void *', 'int', 'void *', 'void *', 'int', 'void *', 'void *']),
    barrier: define('MPI_Barrier', ['void *']),
    abort: define('MPI_Abort', ['void *', 'int']),
    finalize: define('MPI_Finalize', []),
  };
}

/**
 * Ends the process at once, without exit handlers. koffi would otherwise unload libmpi while its helper libraries still
 * use it, which ends in a segmentation fault. The caller must flush the standard streams first.
 */
export function leave(exitCode: number): never {
  koffi.load(null).func('_exit', 'void', ['int'])(exitCode);
  throw new Error('expected _exit not to return');
}

function load() {
  pinLibrary(LIBRARY);
  try {
    return koffi.load(LIBRARY, { global: true });
  } catch (cause) {
    throw new InputError(
      `several processes were started by a launcher: expected Open MPI (${LIBRARY}), which cannot be loaded; install it (Debian: openmpi-bin) or start one process`,
      { cause },
    );
  }
}

/** Throws where an MPI function did not return MPI_SUCCESS. */
export function check(name: string, status: number): void {
  if (status !== 0) throw new Error(`${name}: expected success, got the error ${status} of Open MPI`);
}

/**
 * Calls a function on a thread of libuv's pool, so that the event loop stays free while the function waits for other
 * ranks.
 */
export function callAsync(name: string, call: MpiFunction, ...parameters: (Pointer | number)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(...parameters, (error, status) => {
      if (error) return reject(error);
      try {
        check(name, status);
        resolve();
      } catch (failure) {
        reject(failure as Error);
      }
    });
  });
}
