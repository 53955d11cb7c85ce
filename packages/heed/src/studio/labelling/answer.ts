/**
 * Processes raters' answers and retractions, and the owners' known answers, which measure raters. Each submission is
 * acknowledged after its events are flushed to feedback.jsonl. The database tables are updated right after the flush,
 * so they lag behind the file only after a crash. Concurrent submissions share one flush. The files decide-answer.ts
 * and decide-gold.ts decide which submissions are accepted.
 */
import type { FeedbackEvent } from '../../feedback/event.ts';
import type { EventsOf } from '../../feedback/import-judgements.ts';
import type { FeedbackLog } from '../../feedback/log.ts';
import type { ImageStore } from '../../images/store.ts';
import { createBatches } from '../storage/batches.ts';
import { applyEvents, catchUpWithFeedback, writeCount } from '../storage/catch-up.ts';
import type { Database, OpenDatabase } from '../storage/database.ts';
import type { AskingPlan } from './asking-plan.ts';
import { decideAnswers, decideRetraction, separateAnswers, writeAnswers } from './decide-answer.ts';
import { decideGold, decideGoldRemoval } from './decide-gold.ts';
import type { PracticeFeedback } from './practice.ts';

/** What a rater submits. */
export interface Answer {
  /** Id of the answer; the page chooses the id and sends the same id with every retry. */
  readonly id: string;
  readonly rater: string;
  /** The id under which the rater was asked the query; a repeated query is asked under a new id. */
  readonly query: string;
  /** A label for each image of the query, in order; undefined skips the query. */
  readonly labels: readonly ('good' | 'bad')[] | undefined;
  readonly reason?: string | undefined;
  readonly seconds?: number | undefined;
}

export interface Retraction {
  /** Id of the answer. */
  readonly id: string;
  readonly rater: string;
  /** The rater's page that shows the query again and gets a lease on the query. */
  readonly page?: string | undefined;
}

/** An owner's known answer to a query: one label for each image, in the order of the query's images. */
export interface GoldMark {
  readonly query: string;
  /** The owner who gives the answer. */
  readonly rater: string;
  readonly images: readonly { readonly label: 'good' | 'bad'; readonly why?: string | undefined }[];
}

export interface GoldRemoval {
  readonly query: string;
  readonly rater: string;
}

/** The result of a submission. */
export type Acceptance =
  | {
      readonly state: 'accepted' | 'known' | 'retracted';
      /** Whether the answer was faster than a person can look at the images; such an answer is stored too. */
      readonly tooFast?: true;
      /** In the practice round, the known answer, which is shown to the rater. */
      readonly practice?: PracticeFeedback;
    }
  /**
   * Nothing was changed. 'unknown' means that no such query or answer exists; 'conflict' means that the submission is
   * invalid or contradicts another answer.
   */
  | { readonly state: 'unknown' | 'conflict'; readonly reason: string };

export interface AnswerDesk {
  answer(answer: Answer): Promise<Acceptance>;
  retract(retraction: Retraction): Promise<Acceptance>;
  markGold(mark: GoldMark): Promise<Acceptance>;
  removeGold(removal: GoldRemoval): Promise<Acceptance>;
  /** Adds imported judgements; resolves with the number of new events. */
  takeIn(eventsOf: EventsOf): Promise<number>;
  /**
   * Resolves when all answers and retractions that the rater has submitted so far are processed, whether accepted or
   * not.
   */
  settled(rater: string): Promise<void>;
  /** Resolves when all submissions are processed. */
  idle(): Promise<void>;
}

/** A decision on a submission: the reply, and the events that must be written before the reply is sent. */
export interface Decision {
  readonly acceptance: Acceptance;
  readonly events: readonly FeedbackEvent[];
}

/** The inputs of decisions. */
export interface DecisionContext {
  readonly db: Database;
  readonly images: ImageStore;
  readonly plan: AskingPlan;
  readonly minAnswerMs: number;
  /** Whether raters pick the best image of a query instead of labelling each image. */
  readonly asksPreferences: boolean;
  readonly time: Date;
}

/** Imported judgements. When this submission is processed, the log shows which of the judgements are new. */
interface FileOfJudgements {
  readonly events: () => Promise<readonly FeedbackEvent[]>;
}

interface Submissions {
  answer: Answer;
  retraction: Retraction;
  goldMark: GoldMark;
  goldRemoval: GoldRemoval;
  file: FileOfJudgements;
}
type Kind = keyof Submissions;
type Submission = { [K in Kind]: { readonly kind: K; readonly what: Submissions[K] } }[Kind];

/** Consecutive submissions of one kind. */
interface Run {
  readonly kind: Kind;
  readonly list: Submissions[Kind][];
}

/** Decides on one submission of a kind that needs a transaction. */
type Decider<What> = (what: What, context: DecisionContext) => Promise<Decision>;

const DECIDERS: { [K in Exclude<Kind, 'answer'>]: Decider<Submissions[K]> } = {
  retraction: decideRetraction,
  goldMark: decideGold,
  goldRemoval: decideGoldRemoval,
  file: decideFile,
};

/** Creates the answer handler. `eventCount` is the number of events in the log; `images` returns the current store. */
export function createAnswerDesk(options: {
  database: OpenDatabase;
  log: FeedbackLog;
  images: () => ImageStore;
  plan: AskingPlan;
  minAnswerMs: number;
  asksPreferences?: boolean;
  eventCount: number;
  now?: () => Date;
}): AnswerDesk {
  const { database, log, images, plan, minAnswerMs, asksPreferences = false, now = () => new Date() } = options;
  let { eventCount } = options;
  let isBehind = false;
  const contextOf = (db: Database): DecisionContext => ({
    db,
    images: images(),
    plan,
    minAnswerMs,
    asksPreferences,
    time: now(),
  });
  /**
   * Runs `work` after bringing the tables up to date with the log. The tables lag behind if the database failed after a
   * flush of the log.
   */
  const keepUp = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isBehind) eventCount = await database.db.transaction((db) => catchUpWithFeedback(db, log));
    isBehind = true;
    const result = await work();
    isBehind = false;
    return result;
  };
  /**
   * Answers need no transaction, since only this object writes answers. A transaction would make pages that ask for
   * queries wait for the flush.
   */
  const takeAnswers = (list: readonly Answer[]) =>
    keepUp(async () => {
      const { decisions, rows } = await decideAnswers(list, contextOf(database.db));
      if (rows.length > 0) {
        eventCount += await log.append(decisions.flatMap(({ events }) => events));
        await writeAnswers(database.db, rows, eventCount);
      }
      return decisions;
    });
  const takeOthers = ({ kind, list }: Run) =>
    keepUp(() =>
      database.db.transaction(async (db) => {
        const decide = DECIDERS[kind as keyof typeof DECIDERS] as Decider<Submissions[Kind]>;
        const decisions: Decision[] = [];
        // In order, because each decision must see the writes of the earlier ones.
        for (const what of list) decisions.push(await decide(what, contextOf(db)));
        const events = decisions.flatMap((decision) => decision.events);
        const added = events.length === 0 ? 0 : await log.append(events);
        eventCount += added;
        if (added > 0) await writeCount(db, 'feedback', eventCount);
        return decisions;
      }),
    );
  const batches = createBatches(async (submissions: readonly Submission[]) => {
    const decisions: Decision[] = [];
    for (const run of runsOf(submissions)) {
      if (run.kind !== 'answer') decisions.push(...(await takeOthers(run)));
      else for (const part of separateAnswers(run.list as Answer[])) decisions.push(...(await takeAnswers(part)));
    }
    return decisions.map(({ acceptance }) => acceptance);
  });
  const pending = createPendingByRater();
  return {
    answer: (what) => pending.add(what.rater, batches.add({ kind: 'answer', what })),
    retract: (what) => pending.add(what.rater, batches.add({ kind: 'retraction', what })),
    settled: pending.settled,
    markGold: (what) => batches.add({ kind: 'goldMark', what }),
    async takeIn(eventsOf) {
      let count = 0;
      const events = async () => {
        const fresh = eventsOf(await log.read());
        count = fresh.length;
        return fresh;
      };
      await batches.add({ kind: 'file', what: { events } });
      return count;
    },
    removeGold: (what) => batches.add({ kind: 'goldRemoval', what }),
    idle: batches.idle,
  };
}

/** Keeps each rater's submissions that are still being processed. */
function createPendingByRater() {
  const byRater = new Map<string, Set<Promise<unknown>>>();
  return {
    add<T>(rater: string, work: Promise<T>): Promise<T> {
      const own = byRater.get(rater) ?? new Set();
      byRater.set(rater, own.add(work));
      const forget = () => {
        own.delete(work);
        if (own.size === 0 && byRater.get(rater) === own) byRater.delete(rater);
      };
      work.then(forget, forget);
      return work;
    },
    async settled(rater: string): Promise<void> {
      await Promise.allSettled(byRater.get(rater) ?? []);
    },
  };
}

/** Groups consecutive submissions of one kind. */
function runsOf(submissions: readonly Submission[]): Run[] {
  const runs: Run[] = [];
  for (const { kind, what } of submissions) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.list.push(what);
    else runs.push({ kind, list: [what] });
  }
  return runs;
}

async function decideFile({ events }: FileOfJudgements, { db }: DecisionContext): Promise<Decision> {
  const fresh = await events();
  await applyEvents(db, fresh);
  return { acceptance: { state: 'accepted' }, events: fresh };
}

/** A decision that changes nothing. */
export function refusal(state: 'unknown' | 'conflict', reason: string): Decision {
  return { acceptance: { state, reason }, events: [] };
}
