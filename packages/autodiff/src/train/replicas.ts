/**
 * Replicas of a training step's graph on the host. Each replica has its own session and buffers, and processes a
 * separate batch.
 */
import { type Binding, createSession, type Device, type Session } from '../runtime/index.ts';
import type { Tensor } from '../tensor.ts';
import { bindGradients, type GradientMemory, MAX_KEPT_GRADIENT_BYTES } from './gradient-memory.ts';
import { DISABLED_OPTIMIZERS } from './trace-training-step.ts';

export interface Replica {
  readonly binding: Binding;
  readonly gradients: GradientMemory;
  /** Returns the last run's value of the metric `name`. */
  readonly metricOf: (name: string) => number;
  dispose(): void;
}

export interface ReplicaOptions {
  readonly count: number;
  readonly device: Device;
  /** Total number of threads for all replicas. Each replica gets an equal share, at least one. */
  readonly threads: number | undefined;
  readonly trained: readonly Tensor[];
  /** Returns the name of the graph output that has the parameter's gradient. */
  readonly keyOf: (parameter: Tensor) => string;
  /** Scalars by name. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/** Compiles the encoded graph once for each replica, and binds its outputs. */
export function createReplicas(model: Uint8Array, { count, ...options }: ReplicaOptions): Promise<Replica[]> {
  return Promise.all(Array.from({ length: count }, () => createReplica(model, { count, ...options })));
}

async function createReplica(
  model: Uint8Array,
  { count, device, threads, trained, keyOf, metrics }: ReplicaOptions,
): Promise<Replica> {
  const session: Session = await createSession(model, {
    device,
    graphOptimization: 'basic',
    disabledOptimizers: DISABLED_OPTIMIZERS,
    ...(threads === undefined ? {} : { threads: Math.max(1, Math.floor(threads / count)) }),
  });
  const binding = session.createBinding();
  const gradients = bindGradients(binding, {
    trained,
    keyOf,
    maxKeptBytes: device === 'cpu' ? MAX_KEPT_GRADIENT_BYTES : Number.POSITIVE_INFINITY,
  });
  const measured = new Map<string, Float32Array>();
  for (const [name, { shape }] of Object.entries(metrics)) {
    const data = new Float32Array(1);
    measured.set(name, data);
    binding.bindOutput(`metric:${name}`, { type: 'float32', shape, data });
  }
  return {
    binding,
    gradients,
    metricOf: (name) => measured.get(name)![0]!,
    dispose() {
      binding.dispose();
      session.dispose();
    },
  };
}

/** Runs all replicas in parallel. The function waits for all replicas even when one fails. */
export async function runReplicas(team: readonly Replica[], signal: AbortSignal | undefined): Promise<void> {
  const runs = await Promise.allSettled(team.map(({ binding }) => binding.run(signal ? { signal } : {})));
  for (const run of runs) if (run.status === 'rejected') throw run.reason;
}
