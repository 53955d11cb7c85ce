/**
 * Taking answers, taking them back, and the known answers that raters are measured by. Each is acknowledged once its
 * events are flushed to feedback.jsonl; the tables follow in the same breath and can lag only by what a crash cut off.
 * Submissions that arrive together share one flush. What is decided is in the files beside.
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
  /** Chosen by the page; the same for every retry. */
  readonly id: string;
  readonly rater: string;
  /** As it was asked. */
  readonly query: string;
  /** A label for each image of the query, in its order; undefined skips the query. */
  readonly labels: readonly ('good' | 'bad')[] | undefined;
  readonly reason?: string | undefined;
  readonly seconds?: number | undefined;
}

export interface Retraction {
  /** Of the answer. */
  readonly id: string;
  readonly rater: string;
  /** The rater's page that shows the query again: it is held for that page. */
  readonly page?: string | undefined;
}

/** The right answer to a query, in the order of its images. */
export interface GoldMark {
  readonly query: string;
  /** Who says so. */
  readonly rater: string;
  readonly images: readonly { readonly label: 'good' | 'bad'; readonly why?: string | undefined }[];
}

export interface GoldRemoval {
  readonly query: string;
  readonly rater: string;
}

/** What became of a submission. */
export type Acceptance =
  | {
      readonly state: 'accepted' | 'known' | 'retracted';
      /** The answer is kept; it came sooner than anybody can look. */
      readonly tooFast?: true;
      /** In the practice round: what would have been right. */
      readonly practice?: PracticeFeedback;
    }
  /** Nothing was changed: there is no such query or answer, or another answer stands in the way. */
  | { readonly state: 'unknown' | 'conflict'; readonly reason: string };

export interface AnswerDesk {
  answer(answer: Answer): Promise<Acceptance>;
  retract(retraction: Retraction): Promise<Acceptance>;
  markGold(mark: GoldMark): Promise<Acceptance>;
  removeGold(removal: GoldRemoval): Promise<Acceptance>;
  /** Takes in judgements that came by a file; how many were new. */
  takeIn(eventsOf: EventsOf): Promise<number>;
  /** Resolves when the answers and retractions of the rater that were submitted so far are done, taken or not. */
  settled(rater: string): Promise<void>;
  /** Resolves when everything that was submitted is done. */
  idle(): Promise<void>;
}

/** What a submission comes to: what is answered, and what is written before. */
export interface Decision {
  readonly acceptance: Acceptance;
  readonly events: readonly FeedbackEvent[];
}

/** What decisions are made with. */
export interface DecisionContext {
  readonly db: Database;
  readonly images: ImageStore;
  readonly plan: AskingPlan;
  readonly minAnswerMs: number;
  /** Answers say which images are the better ones of their query. */
  readonly asksPreferences: boolean;
  readonly time: Date;
}

/** Judgements that wait to be compared with what the log says by then. */
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

/** Submissions of one kind. */
interface Run {
  readonly kind: Kind;
  readonly list: Submissions[Kind][];
}

/** What is decided and written within one transaction, one after another. */
type Decider<What> = (what: What, context: DecisionContext) => Promise<Decision>;

const DECIDERS: { [K in Exclude<Kind, 'answer'>]: Decider<Submissions[K]> } = {
  retraction: decideRetraction,
  goldMark: decideGold,
  goldRemoval: decideGoldRemoval,
  file: decideFile,
};

/** Opens the desk. `eventCount` is how many events the log holds; `images` gives the store as it is by now. */
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
  /** The log can have what the tables lost: the database can go away between the flush and the write. */
  const keepUp = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isBehind) eventCount = await database.db.transaction((db) => catchUpWithFeedback(db, log));
    isBehind = true;
    const result = await work();
    isBehind = false;
    return result;
  };
  /** No transaction: nothing but this desk writes answers, and the flush must not hold up who asks for queries. */
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
        // One after another: each sees what those before it wrote.
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

/** Submissions that are not done, by rater. */
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

/** Submissions of one kind that stand next to each other, together. */
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

/** Nothing is changed. */
export function refusal(state: 'unknown' | 'conflict', reason: string): Decision {
  return { acceptance: { state, reason }, events: [] };
}
