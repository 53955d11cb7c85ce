/**
 * How the processes of one data-parallel training talk: the port, and the implementation for a process alone.
 * A rank is one process; all ranks call the same methods in the same order.
 */

/** A process among `size` that train one model together. */
export interface Communicator {
  /** From 0. Rank 0 alone writes files. */
  readonly rank: number;
  readonly size: number;
  /** The rank among the processes of this host; the device id on a host of several GPUs. */
  readonly localRank: number;
  /** The number of hosts that the ranks run on. */
  readonly hosts: number;
  /**
   * Replaces every array, and `scalars`, by the sum over all ranks. All ranks get the same bits. The order of the sum
   * is a balanced tree over the ranks, so it depends neither on the transport nor on the sizes. Arrays have equal
   * lengths on all ranks.
   */
  sum(arrays: readonly Float32Array[], scalars: Float64Array): Promise<void>;
  /** Every rank's text, in the order of the ranks. */
  gather(text: string): Promise<string[]>;
  /** Resolves once all ranks have called it. */
  barrier(): Promise<void>;
  /** Ends all ranks at once: prints `sentence` and leaves with a status that is not 0. */
  abort(sentence: string): never;
  /** Leaves the group and, where the transport needs it, the process with `exitCode`. Called last. */
  close(exitCode: number): Promise<void>;
}

/** A process alone: nothing to exchange. */
export const single: Communicator = {
  rank: 0,
  size: 1,
  localRank: 0,
  hosts: 1,
  sum: async () => {},
  gather: async (text) => [text],
  barrier: async () => {},
  abort(sentence) {
    throw new Error(sentence);
  },
  close: async () => {},
};
