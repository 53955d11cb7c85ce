/**
 * `heed loop`: runs rounds of drawing, judging, reward training and tuning, then evaluates the models of all rounds.
 * Each step skips work that is already finished, so that a stopped loop can be resumed. Between drawing and reward
 * training the loop waits for people.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { EVALUATION_FILE, readEvaluation } from '../evaluate/evaluation-file.ts';
import { runEvaluate } from '../evaluate/run.ts';
import { lastWords } from '../feedback/index.ts';
import { runSimulatedLabelling } from '../feedback/simulate.ts';
import { runGenerate } from '../generate/run.ts';
import { createImageStore } from '../images/index.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import { runReport } from '../report/run.ts';
import { mayLearnFrom } from '../reward/labelled-image.ts';
import { projectImages } from '../reward/project-images.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import { findRewardReport } from '../reward/report-file.ts';
import { REWARD_REPORT_FILE, runReward } from '../reward/run.ts';
import { rewardFolder } from '../reward/scorer.ts';
import { findTuneResult } from '../tune/result.ts';
import { runTune } from '../tune/run.ts';
import { findLineage, type Lineage } from './lineage.ts';

const SET = 'train';

export interface LoopOptions {
  rounds: number;
  /** The model that each round tunes: the base, with the images of all rounds, or the model of the previous round. */
  from: 'base' | 'last';
  /** Whether simulated raters judge, if the project's world has them. */
  simulate: boolean;
  /** Number of a round's images that must be judged before the loop continues; all of them by default. */
  judgedImages?: number | undefined;
  /** Whether to evaluate the models of all rounds at the end. */
  evaluate?: boolean | undefined;
  signal: AbortSignal;
  note: (sentence: string) => void;
}

/** The judgements that a loop waits for. */
export interface LoopPause {
  readonly round: number;
  /** The model that drew the round's images. */
  readonly model: string;
  readonly images: number;
  readonly judged: number;
  readonly needed: number;
}

export interface LoopResult {
  /** Finished rounds. */
  readonly rounds: readonly Lineage[];
  /** The missing judgements; present when the loop waits for people. */
  readonly pause?: LoopPause;
  readonly evaluation?: Evaluation;
  readonly report?: string;
}

/** The name of a round's model and reward. */
export function roundName(round: number): string {
  return `round-${round}`;
}

/** Runs all unfinished rounds, but stops at the first round that waits for people's judgements. */
export async function runLoop(project: Project, options: LoopOptions, progress: ProgressFactory): Promise<LoopResult> {
  const { rounds: total, note, signal } = options;
  const finished: Lineage[] = [];
  for (let round = 1; round <= total; round++) {
    signal.throwIfAborted();
    const done = await finishedRound(project, round);
    if (done !== undefined) {
      finished.push(done);
      continue;
    }
    note(`round ${round} of ${total}`);
    const pause = await runRound(project, { ...options, round }, progress);
    if (pause !== undefined) return { rounds: finished, pause };
    finished.push((await finishedRound(project, round))!);
  }
  if (options.evaluate === false) return { rounds: finished };
  return { rounds: finished, ...(await evaluateRounds(project, options, progress)) };
}

/** The lineage of the round's model, if its tuning run is finished. */
async function finishedRound(project: Project, round: number): Promise<Lineage | undefined> {
  const name = roundName(round);
  if ((await findTuneResult(join(project.paths.runs, name))) === undefined) return undefined;
  return findLineage(join(project.paths.models, name));
}

async function runRound(
  project: Project,
  { round, from, simulate, judgedImages, signal, note }: LoopOptions & { round: number },
  progress: ProgressFactory,
): Promise<LoopPause | undefined> {
  const base = project.config.model.name;
  const model = round === 1 ? base : roundName(round - 1);
  const drawn = await runGenerate(project, { set: SET, model, signal, note }, progress);
  if (simulate) await runSimulatedLabelling(project, { set: SET, signal }, progress);
  const { images, judged } = await countJudged(project, drawn.modelHash);
  const needed = Math.min(judgedImages ?? images, images);
  if (judged < needed) return { round, model, images, judged, needed };

  const reward = roundName(round);
  const report = join(rewardFolder(project, reward), REWARD_REPORT_FILE);
  if ((await findRewardReport(report)) === undefined) {
    const learned = await runReward(project, { name: reward, learningCurve: false, signal, note }, progress);
    for (const warning of learned.warnings) note(warning);
  }
  const tune = { ...project.config.tune, rounds: 'all' as const };
  await runTune(
    { ...project, config: { ...project.config, tune } },
    { name: roundName(round), from: from === 'base' ? base : model, reward, signal, note },
    progress,
  );
  return undefined;
}

/**
 * Counts the images that may be learned from and were drawn by the model with that hash, and how many are judged or
 * skipped.
 */
async function countJudged(project: Project, modelHash: string): Promise<{ images: number; judged: number }> {
  const store = createImageStore(project.paths.images);
  const images = (await projectImages(project, store, { set: SET })).filter(
    (image) => mayLearnFrom(image) && image.modelHash === modelHash,
  );
  await store.close();
  const judged = new Set(lastWords(await readCountingEvents(project)).map(({ image }) => image));
  return { images: images.length, judged: images.filter(({ id }) => judged.has(id)).length };
}

/** Compares the models of all rounds with the base model, beginning with the last round. */
async function evaluateRounds(
  project: Project,
  { rounds, signal, note }: LoopOptions,
  progress: ProgressFactory,
): Promise<Pick<LoopResult, 'evaluation' | 'report'>> {
  const name = `loop-${rounds}`;
  const path = join(project.paths.runs, name, EVALUATION_FILE);
  const models = Array.from({ length: rounds }, (_, i) => roundName(rounds - i));
  const reward = roundName(rounds);
  const evaluation = existsSync(path)
    ? await readEvaluation(path)
    : await runEvaluate(project, { models, reward, name, signal, note }, progress);
  const title = `${rounds} rounds of feedback`;
  const { file } = await runReport(project, { run: name, reward, title, signal }, progress);
  return { evaluation, report: file };
}
