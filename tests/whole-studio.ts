/** Two studios in which every page has something to show, with a browser for each kind of visitor. For tests alone. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import type { Browser, Page } from 'playwright-core';
import { EVALUATION_FILE } from '../packages/heed/src/evaluate/evaluation-file.ts';
import { eventId, type FeedbackEvent, openFeedbackLog, queryId } from '../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { silentProgress } from '../packages/heed/src/progress/index.ts';
import type { Project } from '../packages/heed/src/project/project.ts';
import { selectPrompts } from '../packages/heed/src/prompts/select.ts';
import { exampleInput } from '../packages/heed/src/report/example-input.ts';
import { renderReport } from '../packages/heed/src/report/render-report.ts';
import { addDrawnImages, makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { runTune } from '../packages/heed/src/tune/run.ts';
import { launchBrowser, openPage } from './studio-browser.ts';
import { startStudioProcess } from './studio-process.ts';
import { makeTuningProject } from './tuning-project.ts';

/** Who opens a page. 'German' is a rater as well; 'chooser' is a rater who is asked which image is better. */
export const VISITORS = ['owner', 'rater', 'German', 'chooser', 'anybody'] as const;
export type Visitor = (typeof VISITORS)[number];

export interface WholeStudio {
  readonly folder: string;
  readonly browser: Browser;
  readonly pages: Readonly<Record<Visitor, Page>>;
  /** Where that visitor's pages are. */
  originOf(visitor: Visitor): string;
  /** The link of an invite to everything. */
  readonly link: string;
  /** Ends that invite: its raters and its link are worth nothing any more. */
  revoke(): Promise<void>;
  /** Asks the first studio as its owner; throws where it answers with no 2xx. */
  post<T>(path: string, body: unknown): Promise<T>;
  /** What the pages complained of. */
  errors(): string[];
  close(): Promise<void>;
}

/** Long: names of people are. */
const RATER = 'Maximiliane Musterfrau-Longname';
const GUIDELINES = '# Good or bad\n\nLook at **each** image.\n\n- the right thing\n- the right number\n';

/** Makes the projects in `folder`, starts both studios and lets everybody in. */
export async function openWholeStudio(folder: string): Promise<WholeStudio> {
  const project = await makeTuningProject(join(folder, 'tuning'), {
    steps: 4,
    overrides: ['label.practiceQueries=0', 'label.minAnswerMs=0', 'studio.comparisonRaters=2'],
  });
  for (const name of ['tuned', 'tuned-2']) await runTune(project, { name }, silentProgress);
  await addEvaluationImages(project);
  await addJudgements(project);
  await addResults(project);
  await writeFile(join(project.folder, 'guidelines.md'), GUIDELINES);
  const overrides = ['label.kind=pair', 'label.minAnswerMs=0', 'label.ratersPerQuery=1'];
  const pairs = await makeDrawnProject(join(folder, 'pairs'), { prompts: 2, imagesPerPrompt: 2, overrides });
  const [studio, second, browser] = await Promise.all([
    startStudioProcess(project.folder),
    startStudioProcess(pairs.folder),
    launchBrowser(),
  ]);
  const cookie = await studio.login();
  const post = <T>(path: string, body: unknown) => studio.post<T>(path, body, cookie);
  await post('comparisons', { models: ['tuned', 'base'] });
  await post('owners', { name: 'Anna Owner-Longname' });
  await post('tries', { prompt: 'Two blue dogs.', models: ['base', 'tuned'], count: 2, bestOf: 4 });
  const invite = { name: 'The lab', days: 1, maxUses: 9 };
  const { link, id: ofLink } = await post<{ link: string; id: string }>('invites', invite);
  const { link: choosing } = await second.post<{ link: string }>('invites', invite, await second.login());

  const errors: string[][] = [];
  const open = async (visitor: Visitor) => {
    const { page, errors: own } = await openPage(browser, { locale: visitor === 'German' ? 'de' : 'en' });
    errors.push(own);
    if (visitor === 'owner') {
      const [name, value] = cookie.split('=') as [string, string];
      await page.context().addCookies([{ name, value, url: studio.origin }]);
    } else if (visitor !== 'anybody') await comeBy(page, visitor === 'chooser' ? choosing : link);
    return page;
  };
  const pages = {} as Record<Visitor, Page>;
  for (const visitor of VISITORS) pages[visitor] = await open(visitor);
  return {
    folder: project.folder,
    browser,
    pages,
    originOf: (visitor) => (visitor === 'chooser' ? second : studio).origin,
    link,
    revoke: async () => void (await post(`invites/${ofLink}/revoke`, {})),
    post,
    errors: () => errors.flat(),
    async close() {
      await browser.close();
      await Promise.all([studio.stop(), second.stop()]);
    },
  };
}

/** In any language. */
async function comeBy(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.locator('input[name=name]').fill(RATER);
  await page.locator('form button[type=submit]').click();
  await page.waitForURL(/label/);
}

async function addEvaluationImages(project: Project): Promise<void> {
  const prompts = selectPrompts(paperTrainingPrompts(), 3);
  for (const model of ['base', 'tuned']) {
    await addDrawnImages(project, { prompts, set: 'eval', model, imagesPerPrompt: 4 });
  }
}

/** A person's, beside those of a program. */
async function addJudgements(project: Project): Promise<void> {
  const log = openFeedbackLog(project.paths.feedback);
  const images = createImageStore(project.paths.images).all({ set: 'train' }).slice(0, 6);
  await log.append(
    images.map(({ id: image, prompt, model }, i): FeedbackEvent => {
      const query = queryId(prompt, [image]);
      const id = eventId({ query, rater: RATER, image });
      const time = new Date(Date.UTC(2026, 0, 2, 10, i)).toISOString();
      const label = i % 2 === 0 ? 'good' : 'bad';
      return { id, time, rater: RATER, raterKind: 'human', query, image, prompt, model, label };
    }),
  );
  await log.close();
}

/** An evaluation whose run has no number, as a demo's, and its report. */
async function addResults(project: Project): Promise<void> {
  const input = exampleInput();
  const run = join(project.paths.runs, 'evaluate-demo');
  await mkdir(run, { recursive: true });
  await writeFile(join(run, EVALUATION_FILE), JSON.stringify({ ...input.evaluation, run: 'evaluate-demo' }));
  await mkdir(project.paths.reports, { recursive: true });
  await writeFile(join(project.paths.reports, 'evaluate-demo.html'), renderReport(input));
}
