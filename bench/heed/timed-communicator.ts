/** A communicator that counts the bytes and seconds of its sums. */
import type { Communicator } from '@heed/diffusion/autodiff';

export interface TimedCommunicator extends Communicator {
  /** Since it was asked last. */
  takeTimes(): { seconds: number; bytes: number };
}

/** With `waits`, all ranks meet before each sum: its seconds then hold no waiting for a slower rank. */
export function timedCommunicator(inner: Communicator, { waits }: { waits: boolean }): TimedCommunicator {
  let seconds = 0;
  let bytes = 0;
  return {
    ...inner,
    async sum(arrays, scalars) {
      if (waits) await inner.barrier();
      const start = performance.now();
      await inner.sum(arrays, scalars);
      seconds += (performance.now() - start) / 1000;
      bytes += arrays.reduce((total, { byteLength }) => total + byteLength, scalars.byteLength);
    },
    takeTimes() {
      const taken = { seconds, bytes };
      seconds = 0;
      bytes = 0;
      return taken;
    },
  };
}
