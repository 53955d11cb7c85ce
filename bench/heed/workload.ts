/** What heed's process holds for a kind of work; `serve.ts` drives it. */
import type { ParameterValues } from '@heed/diffusion/autodiff';
import type { BenchRuntime } from '../protocol.ts';

export interface Workload {
  /** The work from its start; what the other side must compute as well. Warms up. */
  check(): Promise<ParameterValues>;
  /** The work once, as it is timed. */
  runOnce(): Promise<unknown>;
  /** What this rank has exchanged since it was asked last. */
  exchanged?(): { seconds: number; bytes: number };
  /** Leaves the other ranks; a process alone returns. */
  close?(): Promise<void>;
}

/** Everything that opening a workload may use. */
export interface OpenOptions<S> {
  folder: string;
  settings: S;
  threads: number;
  runtime: BenchRuntime;
}
