/** Ranks within one process, for tests of what runs over a transport: each collective call waits for all ranks. */
import type { Communicator } from '../communicator.ts';
import { createExchange, type ExchangeOptions, type Transport } from '../exchange.ts';
import { treeSum } from '../tree-sum.ts';

/** One transport for each of `size` ranks. */
export function localTransports(size: number): Transport[] {
  const meet = createMeeting<ArrayBufferView>(size);
  const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async allToAll(send, receive) {
      const part = send.byteLength / size;
      const all = (await meet(rank, bytes(send).slice())).map(bytes);
      for (const [from, data] of all.entries()) {
        bytes(receive).set(data.subarray(rank * part, (rank + 1) * part), from * part);
      }
    },
    async allGather(send, receive) {
      const all = (await meet(rank, bytes(send).slice())).map(bytes);
      for (const [from, data] of all.entries()) bytes(receive).set(data, from * data.length);
    },
  }));
}

/** One communicator for each of `size` ranks. */
export function localCommunicators(size: number, options: ExchangeOptions = {}): Communicator[] {
  const meetTexts = createMeeting<string>(size);
  const meetScalars = createMeeting<Float64Array>(size);
  return localTransports(size).map((transport) => {
    const { rank } = transport;
    const exchange = createExchange(transport, options);
    return {
      rank,
      size,
      localRank: rank,
      hosts: 1,
      async sum(arrays, scalars) {
        await exchange(arrays);
        const all = (await meetScalars(rank, scalars.slice())).map((values) => values.slice());
        treeSum(size, (into, from) => {
          all[into] = all[into]!.map((value, i) => value + all[from]![i]!);
        });
        scalars.set(all[0]!);
      },
      gather: (text) => meetTexts(rank, text),
      barrier: async () => void (await meetTexts(rank, '')),
      abort(sentence) {
        throw new Error(sentence);
      },
      close: async () => {},
    };
  });
}

/** Resolves for all once all have come, with what each brought. */
function createMeeting<T>(size: number) {
  let brought: T[] = [];
  let count = 0;
  let resolvers: ((all: T[]) => void)[] = [];
  return (rank: number, what: T) =>
    new Promise<T[]>((resolve) => {
      brought[rank] = what;
      resolvers.push(resolve);
      count += 1;
      if (count < size) return;
      const [all, waiting] = [brought, resolvers];
      [brought, resolvers, count] = [[], [], 0];
      for (const one of waiting) one(all);
    });
}
