/**
 * `heed tune`: gathers a project's data, trains the U-Net on it, and writes the tuned model as a diffusers folder.
 * After an interruption, a call with the same options resumes from the last checkpoint. The method (`methods/`) chooses
 * the data and the loss; `train.ts` contains the training loop.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clearUnfinishedFolders, loadModel, StableDiffusionPipeline } from '@heed/diffusion';
import { type Communicator, single } from '@heed/diffusion/autodiff';
import { findLatestCheckpoint } from '../checkpoint/checkpoint.ts';
import { badInput } from '../errors.ts';
import { createImageStore, type ImageStore } from '../images/index.ts';
import { createAverages } from '../metrics/averages.ts';
import { openMetricsLog } from '../metrics/metrics-log.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { checkName, modelFolder, type Project, type Run, startRun, withLock } from '../project/index.ts';
import { emaNote, weightsOptions } from '../project/model-weights.ts';
import { predictionNote } from '../project/prediction-note.ts';
import { runtimeOf } from '../project/runtime.ts';
import { cutPromptsNote } from '../prompts/index.ts';
import { describeLeftOut } from '../reward/left-out.ts';
import { judgedLeftOut } from '../reward/project-labels.ts';
import { REWARD_REPORT_FILE } from '../reward/report.ts';
import { findRewardReport } from '../reward/report-file.ts';
import { checkReward, rewardFolder } from '../reward/scorer.ts';
import { distrustNote } from '../reward/trust.ts';
import { openRounds } from '../rounds/lineage.ts';
import type { VectorCache } from '../storage/vector-cache.ts';
import { type BegunData, begunFrom, CHECKPOINTS, checkBegun, goingOn, writeBegun } from './begun.ts';
import { fingerprintOf } from './fingerprint.ts';
import { openLatents } from './latents.ts';
import { createLivePipeline } from './live-pipeline.ts';
import { methodOf } from './methods/index.ts';
import { type TuneOptions, type TuneStreams, tuneOptionsOf } from './options.ts';
import { checkProjectPretraining, prepareModelSamples, preparePretrainingSamples } from './prepare.ts';
import { describeRanks, HEED_VERSION, optionsForRanks, shareRun } from './ranks.ts';
import { describeData, findFinished, type TuneResult, writeTuneResult } from './result.ts';
import { batchesOf, parameterCount, promptsOf } from './run-batches.ts';
import { createSampleGrid } from './sample-grid.ts';
import { withSamplePrompts } from './sample-prompts.ts';
import { openTextStates, type TextStates } from './text-states.ts';
import { trainModel } from './train.ts';
import { trainedValues } from './trained-weights.ts';
import { keepPrompts } from './watch/kept-prompts.ts';
import { startWatching, type Watching } from './watch/start.ts';
import { type TunedModel, writeTunedModel } from './write-model.ts';

const KEPT_PROMPTS_FILE = 'kept-prompts.json';

export interface TuneRunOptions extends Partial<Omit<TuneOptions, 'streams'>> {
  /** Name of the tuned model (`models/<name>`) and of the run. */
  name?: string;
  /**
   * Name of the model to tune; by default the model that an earlier start of the run recorded, or else the project's
   * base model.
   */
  from?: string | undefined;
  /**
   * The reward to learn from. If undefined, the run uses the reward that an earlier start recorded, or else the reward
   * named 'default'.
   */
  reward?: string | undefined;
  /**
   * Seed for permuting rewards and labels among the images: a control experiment in which the model learns nothing from
   * people's judgements.
   */
  shuffleSeed?: number | undefined;
  /** Whether to delete an existing run of this name and start again. */
  restart?: boolean;
  /** The data streams to switch on or off; for other streams, the project's settings decide. */
  streams?: Partial<TuneStreams>;
  /** Source of D_pre (pre-training data): WORLD_PRETRAINING or a folder with metadata.jsonl. */
  pretraining?: string;
  /** Number of pre-training pairs that the emoji world's generator makes. */
  pretrainingImages?: number;
  /** Prompts of the sample grid. */
  samplePrompts?: readonly string[];
  signal?: AbortSignal;
  /** The other processes of the run; this one is rank 0. The others call `runTuneRank`. */
  communicator?: Communicator | undefined;
  /** Called with sentences for the user: warnings, and from where a run resumes. */
  note?: (sentence: string) => void;
}

export type TuneRunResult = Omit<TuneResult, 'fingerprint'> & { warnings: string[] };

/** Tunes the project's base model or another model. For a run that has finished, the stored result is returned. */
export async function runTune(
  project: Project,
  options: TuneRunOptions,
  progress: ProgressFactory,
): Promise<TuneRunResult> {
  return withLock(project, 'tune', async () => tune(await withSamplePrompts(project), options, progress));
}

async function tune(project: Project, given: TuneRunOptions, progress: ProgressFactory): Promise<TuneRunResult> {
  const { name = 'tuned', note } = given;
  checkModelName(project, name);
  const warnings: string[] = [];
  const warn = (sentence: string) => {
    warnings.push(sentence);
    note?.(sentence);
  };
  const begun = await beginRun(project, { given, name, progress, warn });
  const { run, options, data, pipeline } = begun;
  const baseHash = pipeline.modelHash;
  await checkBegun(run, { options, data: { ...data, baseHash } });
  const store = createImageStore(project.paths.images);
  const keptPrompts = await keptPromptsOf(project, { options, run, store, note });
  const latents = await openLatents(project, pipeline);
  try {
    const result = await tuneOpened(project, { ...begun, store, latents, name, given, keptPrompts, progress, warn });
    return { ...result, warnings };
  } finally {
    await latents.close();
    await store.close();
    await pipeline.dispose();
  }
}

/** Checks the options against an earlier start of the run, loads the model, and starts or resumes the run. */
async function beginRun(
  project: Project,
  {
    given,
    name,
    progress,
    warn,
  }: { given: TuneRunOptions; name: string; progress: ProgressFactory; warn: (sentence: string) => void },
) {
  const { communicator = single, restart = false, signal, note } = given;
  const asked = optionsForRanks(resolveOptions(project, given), communicator.size);
  const folder = join(project.paths.runs, name);
  const options = restart ? asked : await goingOn(folder, asked);
  if (asked.watch && !options.watch) note?.(`run ${name} was begun without tune.watch and goes on without it`);
  const method = methodOf(options);
  await clearUnfinishedFolders(project.paths.models);
  const data = await checkStart(project, { given, name, options });
  const from = data.from ?? project.config.model.name;
  const model = await openModel(project, from, { progress, signal, note });
  // The earlier run is removed once the new one can begin.
  if (restart) await rm(folder, { recursive: true, force: true });
  const run = await startRun(project, { command: 'tune', name });
  if (communicator.size > 1) {
    const values = trainedValues(model.components.unet, options);
    note?.(await describeRanks(communicator, { ...options, values }));
  }
  if (method.needs(options).reward) await warnWhereGateFailed(project, data.reward, { warn, note });
  return { communicator, options, method, data, run, from, ...model };
}

type OpenedRun = Awaited<ReturnType<typeof beginRun>> & {
  name: string;
  given: TuneRunOptions;
  keptPrompts: readonly string[];
  store: ImageStore;
  latents: VectorCache;
  progress: ProgressFactory;
  warn: (sentence: string) => void;
};

/**
 * Prepares the data, trains, and writes the tuned model and the result. For a run that has finished, the stored result
 * is returned.
 */
async function tuneOpened(project: Project, opened: OpenedRun): Promise<Omit<TuneResult, 'fingerprint'>> {
  const { name, given, communicator, options, method, data, run, from, warn } = opened;
  const { source, components, pipeline, store } = opened;
  const { signal, note } = given;
  const inputs = { ...opened, ...(signal === undefined ? {} : { signal }) };
  const baseHash = pipeline.modelHash;
  const { model, pretraining } = await prepareSamples(project, inputs);
  const fingerprint = fingerprintOf({ options, baseHash, model, pretraining });
  const folder = join(project.paths.models, name);
  const finished = await findFinished(run.folder, { fingerprint, steps: options.steps, folder });
  if (finished) {
    note?.(`run ${run.id} is finished already (--restart starts it again)`);
    await shareRun(communicator, undefined);
    return finished;
  }
  const prompts = model.map(({ prompt }) => prompt);
  const cut = cutPromptsNote(prompts, { reader: pipeline, name: 'the model' });
  if (cut !== undefined) note?.(cut);
  const texts = await openTextStates(project, {
    ...inputs,
    prompts: promptsOf(model, pretraining),
    encoderParameters: parameterCount(components.textEncoder.parameters),
  });
  // Every picture is encoded now, so the encoders' memory is freed for training.
  if (texts.isComplete) await pipeline.dispose();
  const learned = { options, model, pretraining, fingerprint };
  await shareRun(communicator, { run: run.id, from, ...learned, heed: HEED_VERSION, baseHash });
  const parent = { name: from, modelHash: baseHash, source };
  const reward = method.needs(options).reward ? data.reward : undefined;
  const about = { name, folder, run: run.id, method, ...learned, parent, components, reward };
  const ended = await train({
    ...inputs,
    project,
    texts,
    about,
    begun: { ...data, baseHash },
    store,
    warn,
  }).finally(() => texts.close());
  const described = describeData(model, pretraining);
  const result = { name, run: run.id, method: method.name, folder, ...ended, data: described };
  await writeTuneResult(run.folder, { fingerprint, ...result });
  return result;
}

/** Opens the model to tune. Throws for a model that `heed contrast` made from several models. */
async function openModel(
  project: Project,
  from: string,
  {
    progress,
    signal,
    note,
  }: { progress: ProgressFactory; signal: AbortSignal | undefined; note: TuneRunOptions['note'] },
) {
  const source = await modelFolder(project, from, { progress, signal, note });
  const remark = await emaNote(project, from, source);
  if (remark !== undefined) note?.(remark);
  const components = await loadModel(source, weightsOptions(project, from));
  if (components.contrast) {
    throw badInput(`${source}: expected a model without a contrast to tune, got one that \`heed contrast\` made`);
  }
  return { source, components, pipeline: new StableDiffusionPipeline(components, await runtimeOf(project)) };
}

/** Prepares the run's data: images of the model, and pre-training pairs that limit drift from the base model. */
async function prepareSamples(project: Project, opened: OpenedRun & { signal?: AbortSignal }) {
  const { given, communicator, options, run, data, keptPrompts, source, pipeline, store, warn } = opened;
  const rounds = project.config.tune.rounds === 'all' ? (await openRounds(project)).modelHashes : [];
  const modelHashes = new Set([pipeline.modelHash, ...rounds]);
  for (const left of describeLeftOut(await judgedLeftOut(project, store, { modelHashes }))) given.note?.(left);
  const { signal } = given;
  const wrong = communicator.rank === 0 ? await predictionNote(project, pipeline, { source, signal }) : undefined;
  if (wrong !== undefined) warn(wrong);
  const inputs = { ...opened, runFolder: run.folder, reward: data.reward };
  const model = await prepareModelSamples(project, {
    ...inputs,
    modelHashes,
    keptPrompts: new Set(keptPrompts),
    shuffleSeed: given.shuffleSeed,
  });
  if (!options.streams.pretraining) return { model, pretraining: undefined };
  const { pretraining: from, pretrainingImages: count } = { ...project.config.tune, ...given };
  return { model, pretraining: await preparePretrainingSamples(project, { ...inputs, source: from, count, warn }) };
}

/**
 * Trains from the last checkpoint and writes the tuned model. Returns means of the metrics over the last tenth of the
 * steps.
 */
async function train(inputs: {
  project: Project;
  given: TuneRunOptions;
  run: Run;
  about: TunedModel;
  begun: BegunData;
  pipeline: StableDiffusionPipeline;
  latents: VectorCache;
  texts: TextStates;
  keptPrompts: readonly string[];
  store: ImageStore;
  progress: ProgressFactory;
  warn: (sentence: string) => void;
  signal?: AbortSignal;
}): Promise<Pick<TuneResult, 'steps' | 'chosenStep' | 'stopped' | 'final'>> {
  const { project, given, run, about, warn } = inputs;
  const { method, options, components, fingerprint } = about;
  const aborting = inputs.signal === undefined ? {} : { signal: inputs.signal };
  const runtime = await runtimeOf(project);
  const checkpointFolder = join(run.folder, CHECKPOINTS);
  const resumed = (await findLatestCheckpoint(checkpointFolder, { onSkip: warn }))?.step;
  if (resumed === undefined) await writeBegun(run.folder, { options, data: inputs.begun, fingerprint });
  else given.note?.(`run ${run.id} goes on from the checkpoint of update ${resumed}`);
  // A run that was killed before its first checkpoint also has metrics.
  const metrics = await openMetricsLog(run.folder, { resumeAfterStep: resumed ?? 0 });
  const { batchSize, sampler, steps, guidanceScale } = project.config.sample;
  const live = createLivePipeline(components, runtime);
  const grid = createSampleGrid({
    folder: join(run.folder, 'samples'),
    pipelineOf: live.of,
    prompts: given.samplePrompts ?? project.config.tune.samplePrompts,
    sampling: { sampler, steps, guidanceScale, batchSize },
    metrics,
    ...aborting,
  });
  const bar = inputs.progress({ total: options.steps, label: `tune ${run.id}`, unit: 'step' });
  const averages = createAverages();
  const last = createAverages();
  let skipped = 0;
  let watched: Watching | undefined;
  try {
    watched = await startWatching(project, { ...inputs, resumedStep: resumed ?? 0, live, metrics });
    const trained = await trainModel({
      run: run.id,
      method,
      unetConfig: components.unet.config,
      parameters: components.unet.parameters,
      batches: batchesOf({ ...inputs, ...about }),
      options,
      checkpointFolder,
      fingerprint,
      ...runtime,
      captureGraph: project.config.captureGraph,
      onCaptureRefused: warn,
      ...aborting,
      communicator: given.communicator,
      onStart: async (step) => bar.update(step),
      async onStep(step, values) {
        averages.add(values);
        if (step > 0.9 * options.steps) last.add(values);
        skipped += values.skipped;
        bar.update(step, { ...(values.loss === undefined ? {} : { loss: values.loss }), lr: values.learningRate });
        if (step % options.logEverySteps === 0 || step === options.steps) await metrics.log(step, averages.take());
      },
      onSample: (step, parameters) => grid.draw(step, parameters),
      ...watched?.hooks,
    });
    if (skipped > 0) warn(`${skipped} of the updates were skipped because their loss or gradient was not finite`);
    await writeTunedModel(project, about, trained);
    const final = last.take();
    const stopped = trained.step < options.steps ? { stopped: true as const } : {};
    const chosen = trained.chosenStep === trained.step ? {} : { chosenStep: trained.chosenStep };
    return { steps: trained.step, ...chosen, ...stopped, final };
  } finally {
    bar.done();
    await watched?.close();
    await live.dispose();
    await metrics.close();
  }
}

/** Throws when a tuned model may not have this name. */
export function checkModelName(project: Project, name: string): void {
  checkName(name, 'model');
  if (name === project.config.model.name || name.startsWith('reward-')) {
    throw badInput(`the tuned model's name must not be the base model's or begin with 'reward-', got '${name}'`);
  }
}

/**
 * Throws when a run of that name cannot start or resume under the project's settings. The check runs before any work is
 * done or any file is written.
 */
export async function checkTuneStart(project: Project, name: string): Promise<void> {
  checkModelName(project, name);
  const options = await goingOn(join(project.paths.runs, name), tuneOptionsOf(project.config));
  await checkStart(project, { given: {}, name, options });
}

/** Makes the checks of `checkTuneStart` with the caller's options, and returns the sources of the run's data. */
async function checkStart(
  project: Project,
  { given, name, options }: { given: TuneRunOptions; name: string; options: TuneOptions },
): Promise<BegunData> {
  const folder = join(project.paths.runs, name);
  const { pretraining, pretrainingImages, rounds } = { ...project.config.tune, ...given };
  const begun = given.restart ? undefined : await begunFrom(folder);
  const reward = given.reward ?? begun?.reward ?? 'default';
  const from = given.from ?? begun?.from ?? project.config.model.name;
  if (from === name) {
    throw badInput(`--name: expected a name other than that of the model to tune, got '${name}' for both`);
  }
  const data = {
    reward,
    from: from === project.config.model.name ? undefined : from,
    rounds: rounds === 'own' ? undefined : rounds,
    ...(options.streams.pretraining ? { pretraining, pretrainingImages } : {}),
  };
  if (!given.restart) await checkBegun({ id: name, folder }, { options, data });
  if (methodOf(options).needs(options).reward) await checkReward(project, reward);
  if (options.streams.pretraining) await checkProjectPretraining(project, pretraining);
  return data;
}

/** Options that have no key in the result when they are off. */
const ABSENT_WHERE_OFF = {
  modelRewardPower: undefined,
  pretrainingRewardPower: undefined,
  modelTimestepsFrom: undefined,
  snrGamma: undefined,
  watch: undefined,
  attentionBytes: undefined,
  lora: undefined,
} satisfies Partial<TuneOptions>;

/** Returns the project's settings, overridden by the caller's options. */
function resolveOptions(project: Project, given: TuneRunOptions): TuneOptions {
  const settings = tuneOptionsOf(project.config);
  const named = Object.fromEntries(
    Object.keys({ ...ABSENT_WHERE_OFF, ...settings }).flatMap((key) => {
      const value = given[key as keyof TuneRunOptions];
      return value === undefined || key === 'streams' ? [] : [[key, value]];
    }),
  );
  return { ...settings, ...named, streams: { ...settings.streams, ...given.streams } };
}

/**
 * Prompts reserved for measurements during training; the run does not learn from images of these prompts. Empty without
 * such measurements.
 */
async function keptPromptsOf(
  project: Project,
  {
    options,
    run,
    store,
    note,
  }: { options: TuneOptions; run: Run; store: ImageStore; note: TuneRunOptions['note'] | undefined },
): Promise<string[]> {
  if (options.watch === undefined) return [];
  const path = join(run.folder, KEPT_PROMPTS_FILE);
  const kept = await keepPrompts(project, { path, count: options.watch.prompts, store });
  if (kept.length === 0) {
    note?.('the project has too few prompts to keep some for choosing, so that the run is not watched (tune.watch)');
  }
  return kept;
}

async function warnWhereGateFailed(
  project: Project,
  reward: string,
  { warn, note }: { warn: (sentence: string) => void; note: TuneRunOptions['note'] | undefined },
): Promise<void> {
  const report = await findRewardReport(join(rewardFolder(project, reward), REWARD_REPORT_FILE));
  if (report?.gate.warning !== undefined) warn(report.gate.warning);
  const doubts = distrustNote(report?.trust ?? []);
  if (doubts !== undefined) note?.(doubts);
}
