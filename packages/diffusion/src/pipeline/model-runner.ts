/** A network's weights and its compiled graphs, one for each input shape, kept until disposal. */
import {
  type CompiledFunction,
  compile,
  type Device,
  type InputSpec,
  type ParameterScope,
  type ParameterValues,
  type PrecisionOption,
  type Tensor,
} from '@heed/autodiff';

/** The device, threads and precision of graphs. */
export interface RuntimeOptions {
  device?: Device | undefined;
  threads?: number | undefined;
  /** Precision of computation; float16 by default on GPUs that support it. */
  precision?: PrecisionOption | undefined;
}

export interface ModelRunner {
  /**
   * Returns the compiled graph of `task` for these input shapes. The graph is compiled at the first call; a failed
   * attempt is not cached.
   */
  compiled<I extends string, O extends string>(
    task: string,
    inputs: Record<I, InputSpec>,
    build: (p: ParameterScope, x: Record<I, Tensor>) => Record<O, Tensor>,
  ): Promise<CompiledFunction<I, O>>;
  /** Releases every graph after pending compilations and runs. Later calls throw. */
  dispose(): Promise<void>;
}

/**
 * Size limit in bytes of weights inside an ONNX model message. A message, graph and weights together, is limited to 2
 * GiB. Networks with larger weights keep them outside the message.
 */
const MAX_BAKED_BYTES = 2 ** 30;

/** Bytes of a network's weights in memory. */
export function parameterBytes(parameters: ParameterValues): number {
  return [...parameters.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

/**
 * `name` appears in errors. With `live`, the weights are read again at each run, for networks in training. Without
 * `live` the weights are constants of the graph, which is faster.
 */
export function createModelRunner({
  name,
  parameters,
  live = false,
  device = 'cpu',
  threads,
  precision,
}: { name: string; parameters: ParameterValues; live?: boolean } & RuntimeOptions): ModelRunner {
  const functions = new Map<string, Promise<CompiledFunction<string, string>>>();
  const bytes = parameterBytes(parameters);
  let disposed = false;
  return {
    async compiled<I extends string, O extends string>(
      task: string,
      inputs: Record<I, InputSpec>,
      build: (p: ParameterScope, x: Record<I, Tensor>) => Record<O, Tensor>,
    ) {
      if (disposed) throw new Error(`${name}: expected to be in use, but it is disposed`);
      const key = `${task} ${JSON.stringify(inputs)}`;
      const known = functions.get(key);
      if (known) return (await known) as CompiledFunction<I, O>;
      const made = compile({
        name: `${name} ${task}`,
        inputs,
        parameters,
        build,
        device,
        precision,
        liveParameters: live || bytes > MAX_BAKED_BYTES,
        parametersChange: live,
        ...(threads === undefined ? {} : { threads }),
      });
      functions.set(key, made as Promise<CompiledFunction<string, string>>);
      made.catch(() => functions.delete(key));
      return made;
    },
    async dispose() {
      disposed = true;
      const made = await Promise.allSettled(functions.values());
      functions.clear();
      const graphs = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      await Promise.all(graphs.map((graph) => graph.idle()));
      for (const graph of graphs) graph.dispose();
    },
  };
}
