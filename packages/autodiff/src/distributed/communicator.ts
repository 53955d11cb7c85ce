/**
 * Communication between the processes of a data-parallel training: the interface, and the implementation for a single
 * process. A rank is one process; all ranks call the same methods in the same order.
 */

/** One of `size` processes that train one model together. */
export interface Communicator {
  /** Rank from 0. Only rank 0 writes files. */
  readonly rank: number;
  readonly size: number;
  /** Number of this rank among the ranks on its host, used as the GPU's device id on a host with several GPUs. */
  readonly localRank: number;
  /** The number of hosts that the ranks run on. */
  readonly hosts: number;
  /**
   * Replaces each array, and `scalars`, by its elementwise sum over all ranks. All ranks get the same bits. The
   * additions form a balanced tree over the ranks, whatever the transport and the array lengths. The arrays must have
   * the same lengths on all ranks.
   */
  sum(arrays: readonly Float32Array[], scalars: Float64Array): Promise<void>;
  /** Returns every rank's text, in the order of ranks. */
  gather(text: string): Promise<string[]>;
  /** Resolves once all ranks have called `barrier`. */
  barrier(): Promise<void>;
  /** Ends all ranks at once: prints `sentence` and exits with a non-zero status. */
  abort(sentence: string): never;
  /**
   * Leaves the group of ranks; no other method may be called afterwards. Over MPI, this call also ends the process with
   * `exitCode`.
   */
  close(exitCode: number): Promise<void>;
}

/** The communicator of a single process, which exchanges nothing. */
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
