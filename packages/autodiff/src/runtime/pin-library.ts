/** Keeps native libraries loaded until the process ends. */
import koffi from 'koffi';

/** Flags of `dlopen`, from dlfcn.h on Linux. */
const RTLD = { now: 2, global: 0x100, noDelete: 0x1000 } as const;

/**
 * Keeps the library and its dependencies loaded until the process ends. Does nothing when the library cannot be loaded.
 */
export function pinLibrary(path: string): void {
  if (process.platform === 'win32') return;
  koffi.load(null).func('dlopen', 'void *', ['str', 'int'])(path, RTLD.now | RTLD.global | RTLD.noDelete);
}
