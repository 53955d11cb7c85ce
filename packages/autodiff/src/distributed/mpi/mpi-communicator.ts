/**
 * The communicator that exchanges data through Open MPI. A process opens the communicator once, before any work, and
 * closes it last.
 */
import { createQueue } from '../../one-at-a-time.ts';
import type { Communicator } from '../communicator.ts';
import { createExchange, type ExchangeOptions, type Transport } from '../exchange.ts';
import { hostPlace } from '../host.ts';
import { treeSum } from '../tree-sum.ts';
import type { LaunchedRank } from './environment.ts';
import { callAsync, leave, type Mpi, openMpi } from './library.ts';
import { startWatch, type Watch } from './watch.ts';

/** Seconds that a rank may send no heartbeat, or be missing at the start, before the other ranks end with an error. */
export const SILENCE_SECONDS = 20;

export interface OpenOptions extends ExchangeOptions {
  readonly silenceSeconds?: number | undefined;
}

/**
 * Starts MPI and waits for all ranks. If a rank does not start within `silenceSeconds`, the other ranks end with an
 * error.
 */
export async function openMpiCommunicator(launched: LaunchedRank, options: OpenOptions = {}): Promise<Communicator> {
  const { silenceSeconds = SILENCE_SECONDS } = options;
  const { rank, size, localRank } = launched;
  // A waiting rank yields its core to other processes. Open MPI reads this setting when it starts.
  process.env.OMPI_MCA_mpi_yield_when_idle ??= '1';
  const watch = await startWatch({ rank, size, silenceSeconds });
  const mpi = openMpi();
  const transport = createTransport(mpi, rank, size);
  const gather = createGather(transport);
  // Rank 0 sends its watch's address; each rank sends its host.
  const introductions = (await gather(JSON.stringify({ host: hostPlace(), watch: watch.address }))).map(
    (text) => JSON.parse(text) as { host: string; watch: string },
  );
  watch.connect(introductions[0]!.watch);
  const exchange = createExchange(transport, options);
  const scalarBytes = (values: Float64Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return {
    rank,
    size,
    localRank,
    hosts: new Set(introductions.map(({ host }) => host)).size,
    async sum(arrays, scalars) {
      await exchange(arrays);
      const all = new Float64Array(scalars.length * size);
      await transport.allGather(scalarBytes(scalars), scalarBytes(all));
      const part = (index: number) => all.subarray(index * scalars.length, (index + 1) * scalars.length);
      treeSum(size, (into, from) => {
        const other = part(from);
        part(into).forEach((value, i, target) => {
          target[i] = value + other[i]!;
        });
      });
      scalars.set(part(0));
    },
    gather,
    barrier: () => callAsync('MPI_Barrier', mpi.barrier, mpi.world),
    abort: (sentence) => abort(watch, sentence),
    async close(exitCode) {
      if (exitCode !== 0) {
        // A failing rank must not wait for the others, because they wait for it.
        watch.fail('');
        await flush();
        leave(exitCode);
      }
      await callAsync('MPI_Barrier', mpi.barrier, mpi.world);
      watch.stop();
      mpi.finalize();
      await flush();
      leave(0);
    },
  };
}

function createTransport(mpi: Mpi, rank: number, size: number): Transport {
  const inTurn = createQueue();
  const part = ({ byteLength }: ArrayBufferView) => byteLength / size;
  return {
    rank,
    size,
    allToAll: (send, receive) =>
      inTurn(() =>
        callAsync(
          'MPI_Alltoall',
          mpi.alltoall,
          send,
          part(send),
          mpi.byte,
          receive,
          part(receive),
          mpi.byte,
          mpi.world,
        ),
      ),
    allGather: (send, receive) =>
      inTurn(() =>
        callAsync(
          'MPI_Allgather',
          mpi.allgather,
          send,
          send.byteLength,
          mpi.byte,
          receive,
          part(receive),
          mpi.byte,
          mpi.world,
        ),
      ),
  };
}

function createGather(transport: Transport) {
  const { size } = transport;
  return async (text: string): Promise<string[]> => {
    const own = new TextEncoder().encode(text);
    const lengths = new Uint32Array(new ArrayBuffer(4 * size));
    await transport.allGather(Uint32Array.of(own.length), lengths);
    const longest = Math.max(1, ...lengths);
    const sent = new Uint8Array(new ArrayBuffer(longest));
    sent.set(own);
    const received = new Uint8Array(new ArrayBuffer(longest * size));
    await transport.allGather(sent, received);
    return [...lengths].map((length, rank) =>
      new TextDecoder().decode(received.subarray(rank * longest, rank * longest + length)),
    );
  };
}

/** Sends the sentence to the other ranks, then ends this process; the launcher then ends the other processes. */
function abort(watch: Watch, sentence: string): never {
  watch.fail(sentence);
  return leave(1);
}

/** Resolves when all output to the standard streams has been written. */
async function flush(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((resolve) => void stream.write('', () => resolve())),
    ),
  );
}
