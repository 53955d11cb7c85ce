// Opens a stage's training step: fresh weights the first time, the saved state after that. Runs it to its horizon.
import { InputError } from '@heed/diffusion';
import type { InputSpec, OptimizerOptions, ParameterScope, ParameterValues, Tensor } from '@heed/diffusion/autodiff';
import {
  createRandom,
  createTrainingStep,
  describeParameters,
  initializeParameters,
  input,
} from '@heed/diffusion/autodiff';
import { takeProcessLock } from '@heed/diffusion/process-lock';
import type { Horizon } from './horizon.ts';
import { shippedParameters } from './shipped-weights.ts';
import type { StageContext, StageName } from './stage.ts';
import { stageFolder } from './stage.ts';
import type { TrainingRun } from './training-loop.ts';
import { runTraining } from './training-loop.ts';
import { loadTraining } from './training-state.ts';

export interface Optimisation<I extends string> {
  readonly stage: StageName;
  readonly inputs: Record<I, InputSpec>;
  readonly loss: (p: ParameterScope, x: Record<I, Tensor>) => { loss: Tensor } & Record<string, Tensor>;
  readonly batchAt: TrainingRun<I>['batchAt'];
  /** The horizon if the stage's context does not set one. */
  readonly defaultHorizon: Horizon;
  readonly learningRate: number;
  readonly warmupSteps?: number;
  readonly decayShare?: number;
  readonly optimizer?: OptimizerOptions;
  /** Number of batches in an update, processed in parallel; one by default. */
  readonly replicas?: number;
  readonly trainable?: (name: string) => boolean;
  /** Called at each save with the newest weights (the averaged ones if the optimizer averages). */
  readonly onSave?: (step: number, weights: ParameterValues) => Promise<void>;
}

/** Trains; returns the weights to use (averaged where the optimizer averages). */
export async function optimise<I extends string>(
  context: StageContext,
  problem: Optimisation<I>,
): Promise<{ finished: boolean; step: number; trainedSeconds: number; weights: ParameterValues }> {
  const folder = stageFolder(context, problem.stage);
  const lock = await takeProcessLock(folder, 'stage', {
    command: 'pretrain',
    onHeld: ({ pid, host, path }) =>
      new InputError(
        `${folder}: expected no other process to train this stage, process ${pid} on ${host ?? 'this host'} holds ${path}`,
      ),
  });
  try {
    return await optimiseLocked(context, folder, problem);
  } finally {
    await lock.release();
  }
}

async function optimiseLocked<I extends string>(
  context: StageContext,
  folder: string,
  {
    stage,
    inputs,
    loss,
    batchAt,
    defaultHorizon,
    learningRate,
    warmupSteps,
    decayShare,
    optimizer = {},
    replicas = 1,
    trainable,
    onSave,
  }: Optimisation<I>,
) {
  const saved = await loadTraining(folder);
  const parameters =
    saved?.optimizer.parameters ??
    (context.fromShipped ? await shippedParameters(stage) : freshParameters({ inputs, loss }, context.seed, stage));
  const training = await createTrainingStep({
    name: stage,
    inputs,
    parameters,
    loss,
    optimizer,
    threads: context.threads,
    replicas,
    ...(trainable ? { trainable } : {}),
    ...(saved ? { state: saved.optimizer } : {}),
  });
  const weights = () => new Map([...training.state.parameters, ...(training.state.ema ?? [])]);
  try {
    const parametersCount = [...parameters.values()].reduce((total, { data }) => total + data.length, 0);
    context.print(
      `${stage}: ${(parametersCount / 1e6).toFixed(2)} M parameters, ${saved ? `continues at step ${saved.optimizer.step}` : context.fromShipped ? 'starts from the shipped weights' : 'starts'}`,
    );
    const result = await runTraining({
      stage,
      folder,
      step: training,
      trainedSeconds: saved?.trainedSeconds ?? 0,
      replicas,
      batchAt,
      horizon: context.horizon ?? defaultHorizon,
      learningRate,
      signal: context.signal,
      print: context.print,
      ...(warmupSteps === undefined ? {} : { warmupSteps }),
      ...(decayShare === undefined ? {} : { decayShare }),
      ...(onSave ? { onSave: (step: number) => onSave(step, weights()) } : {}),
    });
    context.print(`${stage}: ${result.finished ? 'done' : 'stopped and saved'} at step ${result.step}`);
    return { ...result, weights: weights() };
  } finally {
    training.dispose();
  }
}

/**
 * Initial weights of a model that is given by its loss function. Each weight depends only on its name and the seed.
 */
export function freshParameters<I extends string>(
  { inputs, loss }: Pick<Optimisation<I>, 'inputs' | 'loss'>,
  seed: number,
  stage: string,
): ParameterValues {
  const specs = describeParameters((p) => {
    const tensors = Object.entries<InputSpec>(inputs).map(([name, spec]) => [
      name,
      input(name, spec.shape, spec.dtype),
    ]);
    return loss(p, Object.fromEntries(tensors) as Record<I, Tensor>);
  });
  return initializeParameters(specs, createRandom(seed).fork(`${stage} weights`));
}
