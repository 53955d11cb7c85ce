/**
 * Opens everything that the studio's HTTP routes use, such as one project's database, feedback log and images. No HTTP.
 */
import { join } from 'node:path';
import { askedOf } from '../feedback/label-kind.ts';
import type { FeedbackLog } from '../feedback/log.ts';
import { openFeedbackLog } from '../feedback/log.ts';
import { takeLock } from '../project/lock.ts';
import type { Project } from '../project/project.ts';
import { createInvites, type Invites } from './auth/invites.ts';
import { createLoginLinks, type LoginLinks } from './auth/login-link.ts';
import { createOwners, type Owners } from './auth/owners.ts';
import { loadSecret, type Secret } from './auth/secret.ts';
import { createSessions, type Sessions } from './auth/sessions.ts';
import { type ComparisonDesk, openComparisonDesk } from './comparing/comparison-desk.ts';
import { openUploads, type Uploads } from './data/uploads.ts';
import { openHolder } from './holder.ts';
import { type Jobs, openJobs } from './jobs/jobs.ts';
import { type AnswerDesk, createAnswerDesk } from './labelling/answer.ts';
import { type AskingPlan, createAskingPlan } from './labelling/asking-plan.ts';
import { type CountStanding, createStandings } from './labelling/standing.ts';
import { type JudgeLater, openJudgeLater } from './pictures/judge-later.ts';
import { openProjectImages, type ProjectImages } from './pictures/project-images.ts';
import { type Admission, createAdmission } from './raters/admission.ts';
import { type Completion, completionSettings } from './raters/completion.ts';
import { type Completions, createCompletions } from './raters/completions.ts';
import { type LabelQueue, openLabelQueue } from './rewards/label-queue.ts';
import { askImageAgain, catchUpWithFeedback, makeQueries } from './storage/catch-up.ts';
import { databaseFolder, firstRead, type OpenDatabase, openDatabase } from './storage/database.ts';

/** The objects of an open studio that its HTTP routes use. */
export interface Studio {
  readonly project: Project;
  /** Name of the image set whose images raters label. */
  readonly set: string;
  /** Settings given on the command line when the studio was started, in the syntax of `--set`. */
  readonly overrides: readonly string[];
  readonly database: OpenDatabase;
  readonly log: FeedbackLog;
  readonly images: ProjectImages;
  readonly secret: Secret;
  readonly sessions: Sessions;
  readonly loginLinks: LoginLinks;
  readonly owners: Owners;
  readonly invites: Invites;
  readonly admission: Admission;
  readonly completion: Completion;
  /** Records which raters have earned the completion code. */
  readonly completions: Completions;
  readonly jobs: Jobs;
  readonly plan: AskingPlan;
  readonly desk: AnswerDesk;
  /** Counts each rater's progress in labelling. */
  readonly standingOf: CountStanding;
  readonly comparisons: ComparisonDesk;
  readonly uploads: Uploads;
  /** Queue of labelling queries that raters are asked before all others. */
  readonly queue: LabelQueue;
  /** Adds images that were generated on the page for trying models to the set whose images raters label. */
  readonly judgeLater: JudgeLater;
  /** Makes labelling queries for images that were generated since the last call. */
  refresh(): Promise<void>;
  /**
   * Updates the list of images and the labelling queries after images were set aside, restored or added. `takenBack` is
   * the id of a restored image.
   */
  refreshImages(options?: { takenBack?: string | undefined }): Promise<void>;
  close(): Promise<void>;
}

const LOCKED = { command: 'studio' } as const;

/**
 * Opens the studio of the project. Locks keep out a second studio and other commands that add judgements. Opening also
 * updates the database from feedback.jsonl and from the images.
 */
export async function openStudio(
  project: Project,
  options: { set?: string; overrides?: readonly string[]; onError?: (error: unknown) => void } = {},
): Promise<Studio> {
  const { set = 'train', overrides = [], onError } = options;
  const ends: (() => Promise<void>)[] = [];
  const close = () => endAll(ends);
  try {
    for (const name of ['studio', 'label']) {
      const lock = await takeLock(project.paths.state, name, LOCKED);
      ends.push(() => lock.release());
    }
    const folder = databaseFolder(project);
    const secret = await loadSecret(folder);
    const completion = completionSettings(project, secret);
    const images = await openProjectImages(project.paths.images, secret);
    const log = openFeedbackLog(project.paths.feedback);
    ends.push(() => log.close());
    const database = await openDatabase(folder);
    ends.push(() => database.close());
    const { minAnswerMs } = project.config.label;
    const { jobLeaseSeconds: leaseSeconds } = project.config.studio;
    const asked = askedOf(project.config.label);
    const takeInImages = () => database.db.transaction((db) => makeQueries(db, images.current(), { set, ...asked }));
    const jobs = await firstRead(database, async () => {
      await takeInImages();
      await database.db.transaction((db) => catchUpWithFeedback(db, log));
      return openJobs(project, { database, overrides, leaseSeconds, ...(onError === undefined ? {} : { onError }) });
    });
    ends.push(() => jobs.close());
    const eventCount = (await log.read()).length;
    const plan = createAskingPlan(secret, project.config.label);
    const desk = createAnswerDesk({ database, log, images: images.current, plan, minAnswerMs, ...asked, eventCount });
    ends.push(() => desk.idle());
    ends.push(await openHolder(project, { desk, onError }));
    const comparisons = openComparisonDesk(project);
    ends.push(() => comparisons.close());
    const uploads = await openUploads(join(project.paths.state, 'uploads'));
    ends.push(() => uploads.close());
    const queue = openLabelQueue(project, { db: database.db });
    ends.push(() => queue.close());
    const refreshImages: Studio['refreshImages'] = async ({ takenBack } = {}) => {
      await images.refresh({ isNow: true });
      await takeInImages();
      if (takenBack === undefined) return;
      const again = { id: takenBack, set, ...asked };
      await database.db.transaction((db) => askImageAgain(db, images.current(), again));
    };
    const onAdopted = async (adopted: readonly string[]) => {
      await refreshImages();
      await queue.add(adopted);
    };
    const judgeLater = openJudgeLater(project, { set, onAdopted, onError });
    ends.push(() => judgeLater.close());
    const invites = createInvites(database.db, { secret });
    return {
      project,
      set,
      overrides,
      database,
      log,
      images,
      secret,
      sessions: createSessions(database.db),
      loginLinks: createLoginLinks(),
      owners: createOwners(project),
      invites,
      admission: createAdmission({ project, invites, secret }),
      completion,
      completions: createCompletions(database.db, project.config.studio),
      jobs,
      plan,
      desk,
      standingOf: createStandings(database.db, project.config.label),
      comparisons,
      uploads,
      queue,
      async refresh() {
        if (await images.refresh()) await takeInImages();
      },
      refreshImages,
      judgeLater,
      close,
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** Calls every function of `ends` once, the last one first. If some fail, the first error is thrown after all calls. */
async function endAll(ends: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  // Tables that do not close must not keep the locks.
  for (const end of ends.splice(0).reverse()) await end().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
