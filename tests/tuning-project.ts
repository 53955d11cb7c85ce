/**
 * A project that can be tuned in seconds, with random models, and `heed tune` as a separate process. For tests alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { runGenerate } from '../packages/heed/src/generate/run.ts';
import { silentProgress } from '../packages/heed/src/progress/index.ts';
import { initProject, type Project } from '../packages/heed/src/project/index.ts';
import { runReward } from '../packages/heed/src/reward/run.ts';
import { judgeByCoin } from '../packages/heed/src/testing/judge-by-coin.ts';
import { pageModels } from './page-models.ts';

const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));
const PROMPTS = 6;
const IMAGES_PER_PROMPT = 6;

/** Draws images with random weights, judges them by a coin and learns a reward; what is learned does not matter. */
export async function makeTuningProject(
  folder: string,
  options: { steps: number; overrides?: readonly string[] },
): Promise<Project> {
  const models = await pageModels(folder);
  const project = await initProject(join(folder, 'project'), {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      // Pre-training pairs come from the emoji world.
      'world=emoji',
      'threads=1',
      `sample.steps=${models.samplingSteps}`,
      'reward.hidden=16',
      'reward.epochs=1',
      'reward.testShare=0.3',
      `tune.steps=${options.steps}`,
      'tune.batchSize=2',
      'tune.warmupSteps=1',
      'tune.learningRate=1e-3',
      'tune.ema=0.9',
      'tune.captionDropout=0.5',
      'tune.pretrainingImages=8',
      'tune.sampleEverySteps=0',
      'tune.logEverySteps=1',
      ...(options.overrides ?? []),
    ],
  });
  const prompts = paperTrainingPrompts().slice(0, PROMPTS);
  await runGenerate(project, { set: 'train', prompts, imagesPerPrompt: IMAGES_PER_PROMPT }, silentProgress);
  await judgeByCoin(project);
  await runReward(project, {}, silentProgress);
  return project;
}

/** A process of `heed tune` and how it ended. */
export interface TuneProcess {
  readonly child: ChildProcess;
  /** What it wrote to stderr by now. */
  said(): string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

/** Starts `heed tune`, under another command where `under` names one. */
export function startTune(project: string, options: { under?: readonly string[] } = {}): TuneProcess {
  const [command, ...args] = [...(options.under ?? []), process.execPath, HEED, 'tune', '--project', project, '--json'];
  const child = spawn(command!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr!.on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Awaited<TuneProcess['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  return { child, said: () => stderr, ended };
}
