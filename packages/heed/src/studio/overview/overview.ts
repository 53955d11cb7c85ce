/**
 * The status of a project's feedback loop (generate, label, train a reward, tune, evaluate), and the most useful next
 * step. Reads files; changes nothing.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isPaperScale } from '../../config/index.ts';
import { newestEvaluation } from '../../evaluate/newest-evaluation.ts';
import { type CategoryStatus, labellingStatus, openFeedbackLog, purposeOf } from '../../feedback/index.ts';
import type { ImageStore } from '../../images/store.ts';
import { modelNames } from '../../project/models.ts';
import type { Project } from '../../project/project.ts';
import { runTime } from '../../project/run.ts';
import { REWARD_REPORT_FILE, type RewardReport } from '../../reward/report.ts';
import { findRewardReport } from '../../reward/report-file.ts';
import { findRewardConfig } from '../../reward/reward-model.ts';
import { readComparisonEvents } from '../comparing/comparison-log.ts';
import type { StartableKind } from '../jobs/job.ts';
import { listRuns } from '../runs/list-runs.ts';
import { judgementsElsewhere, type SetJudgements } from './judges.ts';

/** One trained reward. */
export interface RewardStatus {
  readonly name: string;
  readonly trainedAt: string;
  /** Number of labelled images in the reward's training, validation and test data. */
  readonly images: RewardReport['images'];
  /** Accuracies on held-out pairs. */
  readonly accuracy: RewardReport['summary'];
  readonly warning?: string;
  /** Whether judgements were added after the reward was trained. */
  readonly isBehind: boolean;
}

export interface NextAction {
  readonly title: string;
  readonly why: string;
  /** The page on which the step is done; if the step is a command, `job` has the command instead. */
  readonly page?: string;
  readonly job?: StartableKind;
  /** Settings for the command, in the syntax of `--set`. */
  readonly settings?: readonly string[];
}

export interface Overview {
  readonly set: string;
  readonly images: number;
  readonly prompts: number;
  readonly categories: readonly CategoryStatus[];
  /** Judgements of images outside `set`, which `categories` does not include. */
  readonly elsewhere: readonly SetJudgements[];
  readonly rewards: readonly RewardStatus[];
  readonly models: readonly string[];
  /** The newest tuning run, if it was stopped before its end. */
  readonly stoppedRun?: string;
  /** The newest evaluation run. */
  readonly evaluation?: string;
  /** Whether a person has answered a query of a blind comparison. */
  readonly isCompared: boolean;
  /** Names of report pages, the newest first. */
  readonly reports: readonly string[];
  /** Whether `heed generate` would generate as many images as the paper has. */
  readonly isPaperScale: boolean;
  readonly next: NextAction;
}

/**
 * Settings for a first small set of images, which takes minutes. The page suggests the small set when heed.toml asks
 * for all images of the paper, which take hours.
 */
const FIRST_LOOK = ['generate.promptLimit=60', 'generate.imagesPerPrompt=6'];

/** The least number of judged images from which the page suggests training a reward. */
const LABELS_FOR_A_REWARD = 60;

export async function readOverview(
  project: Project,
  { images, set }: { images: ImageStore; set: string },
): Promise<Overview> {
  const shown = images.all({ set });
  const { categories } = await labellingStatus(project, { set });
  const evaluation = (await newestEvaluation(project))?.run;
  const tuning = (await listRuns(project)).find(({ command, isArchived }) => command === 'tune' && !isArchived);
  const facts = {
    set,
    images: shown.length,
    prompts: new Set(shown.map(({ prompt }) => prompt)).size,
    categories,
    elsewhere: await judgementsElsewhere(project, { images, set }),
    rewards: await readRewards(project),
    models: await modelNames(project),
    ...(tuning?.state === 'unfinished' ? { stoppedRun: tuning.id } : {}),
    ...(evaluation === undefined ? {} : { evaluation }),
    isCompared: readComparisonEvents(project).some(({ event }) => event === 'answered'),
    reports: await readReports(project),
    isPaperScale: isPaperScale(project.config),
  };
  return { ...facts, next: nextAction(facts) };
}

/** The next action: the first step of the loop that is missing or out of date. */
export function nextAction(facts: Omit<Overview, 'next'>): NextAction {
  const all = facts.categories.at(-1);
  const [judged, good, bad] = [all?.judged ?? 0, all?.good ?? 0, all?.bad ?? 0];
  const reward = facts.rewards.find(({ name }) => name === 'default');
  if (facts.images === 0) {
    return facts.isPaperScale
      ? {
          title: 'Draw a first 360 images',
          why: 'There is nothing to judge yet. Six images of 60 prompts are enough to see the whole loop; all of the paper’s, below, take hours.',
          job: 'generate',
          settings: FIRST_LOOK,
        }
      : { title: 'Draw images', why: 'There is nothing to judge yet.', job: 'generate' };
  }
  if (judged < Math.min(LABELS_FOR_A_REWARD, facts.images)) {
    const wanted = Math.min(LABELS_FOR_A_REWARD, facts.images);
    return {
      title: 'Label images',
      why: `${judged} of ${wanted} images for a first reward are judged.`,
      page: '/label',
    };
  }
  if (good === 0 || bad === 0) {
    return { title: 'Label more images', why: 'A reward needs good and bad ones to learn from.', page: '/label' };
  }
  if (!reward) return { title: 'Train the reward', why: `${judged} images are judged.`, job: 'reward' };
  if (reward.isBehind) {
    return { title: 'Train the reward again', why: 'There are judgements that it has not seen.', job: 'reward' };
  }
  if (facts.models.length === 1 && facts.stoppedRun !== undefined) {
    return { title: `Continue ${facts.stoppedRun}`, why: 'Tuning was stopped before its end.', page: '/runs' };
  }
  if (facts.models.length === 1) {
    return { title: 'Tune the model', why: 'The reward knows what people like.', job: 'tune' };
  }
  if (facts.evaluation === undefined) {
    return { title: 'Evaluate', why: 'A tuned model is there; what did it buy?', job: 'evaluate' };
  }
  if (facts.reports.length === 0) {
    return { title: 'Write the report', why: 'An evaluation is there.', job: 'report' };
  }
  if (!facts.isCompared) {
    return {
      title: 'Let people compare the models',
      why: 'No person has said yet which model fits the text better. They are not told which is which.',
      page: '/results',
    };
  }
  return { title: 'Look at the results', why: 'The loop is closed; more labels make it better.', page: '/results' };
}

async function readRewards(project: Project): Promise<RewardStatus[]> {
  const folders = (await namesIn(project.paths.models)).filter((name) => name.startsWith('reward-'));
  const events = (await openFeedbackLog(project.paths.feedback).read()).filter(
    (event) => purposeOf(event) === 'feedback',
  );
  const rewards: RewardStatus[] = [];
  for (const folder of folders.sort()) {
    const path = join(project.paths.models, folder, REWARD_REPORT_FILE);
    const report = await findRewardReport(path);
    if (report === undefined) continue;
    const { images, summary, gate } = report;
    const training = (await findRewardConfig(join(project.paths.models, folder)))?.training ?? {};
    // Files of a copied project are as new as the copy: what was written down counts.
    const trainedAt = (await runTime(project, String(training.run))) ?? '';
    const isBehind =
      typeof training.judgements === 'number'
        ? events.length > training.judgements
        : events.some(({ time }) => time > trainedAt);
    rewards.push({
      name: folder.slice('reward-'.length),
      trainedAt,
      images,
      accuracy: summary,
      ...(gate.warning === undefined ? {} : { warning: gate.warning }),
      isBehind,
    });
  }
  return rewards;
}

/** Names of the pages in reports/, without '.html', the newest first. */
export async function readReports(project: Project): Promise<string[]> {
  const files = (await namesIn(project.paths.reports)).filter((name) => name.endsWith('.html'));
  const names = files.map((name) => name.slice(0, -'.html'.length));
  const times = new Map<string, string>();
  // A report has the name of the evaluation that it tells of.
  for (const name of names) times.set(name, (await runTime(project, name)) ?? '');
  return names.sort((a, b) => times.get(b)!.localeCompare(times.get(a)!) || b.localeCompare(a));
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
