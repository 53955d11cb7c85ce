/**
 * Blind comparisons by people: starts them, asks, and takes answers. The state is read from comparisons.jsonl once and
 * kept beside it; an answer is acknowledged after its line is flushed. Who may do what is the routes' business.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { createRandom } from '@heed/diffusion/autodiff';
import { badInput } from '../../errors.ts';
import { QUESTIONS, type Question } from '../../evaluate/evaluation.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';
import type { Acceptance } from '../labelling/answer.ts';
import { LEASE_SECONDS } from '../labelling/lease.ts';
import { createBatches } from '../storage/batches.ts';
import {
  type ComparedQuery,
  type ComparisonAnswer,
  type ComparisonEvent,
  openComparisonWriter,
  type Preference,
  readComparisonEvents,
  type StartedComparison,
} from './comparison-log.ts';
import { pairImages } from './pair-images.ts';

/** As for labelling: the rater's page asks again while somebody is at it, and a late answer is still taken. */
const LEASE_MS = 1000 * LEASE_SECONDS;

/** One comparison as it is by now. */
export interface OpenComparison {
  readonly started: StartedComparison;
  readonly hasEnded: boolean;
  readonly answers: readonly ComparisonAnswer[];
}

/** What a rater is shown: image ids by side, and nothing of the models. */
export interface AskedComparison {
  readonly query: string;
  readonly prompt: string;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/** What a rater submits. */
export type SubmittedComparison = Readonly<Record<Question, Preference>> & {
  readonly id: string;
  readonly rater: string;
  readonly query: string;
  readonly seconds?: number | undefined;
};

export interface ComparisonDesk {
  /** In the order in which they were started. */
  all(): OpenComparison[];
  /** Throws `badInput` where the models have nothing to compare. Returns the id. */
  start(options: { treated: string; baseline: string; images: ImageStore }): Promise<string>;
  /** Nobody is asked any more; answers that are under way are still taken. False where there is no such comparison. */
  end(id: string): Promise<boolean>;
  standing(rater: string): { readonly answered: number; readonly open: number };
  /** Up to `count` queries that the rater has not answered, those with the fewest answers first, held from now on. */
  lease(options: { rater: string; page?: string | undefined; count: number }): AskedComparison[];
  /** The first queries that are asked of anybody, held for nobody. */
  preview(options: { rater: string; count: number }): AskedComparison[];
  /** Lets go of what the rater holds, or what one of their pages holds: it was closed. */
  release(options: { rater: string; page?: string | undefined }): void;
  answer(submitted: SubmittedComparison): Promise<Acceptance>;
  /** Takes an answer of the rater back; what is shown to them next is the same query. */
  retract(retraction: { id: string; rater: string }): Promise<Acceptance>;
  close(): Promise<void>;
}

interface Hold {
  readonly untilMs: number;
  /** The rater's page (a browser tab) that has the query. */
  readonly page: string;
}

interface QueryState {
  readonly comparison: ComparisonState;
  readonly query: ComparedQuery;
  readonly byRater: Map<string, ComparisonAnswer>;
  /** By rater. */
  readonly holds: Map<string, Hold>;
}

interface ComparisonState {
  readonly started: StartedComparison;
  hasEnded: boolean;
  readonly queries: readonly QueryState[];
}

/** Opens the desk of one project, whose lock the caller holds. */
export function openComparisonDesk(
  project: Project,
  options: { now?: () => Date; seed?: () => number } = {},
): ComparisonDesk {
  const { now = () => new Date(), seed = () => randomInt(2 ** 31) } = options;
  const writer = openComparisonWriter(project);
  const comparisons = new Map<string, ComparisonState>();
  const queries = new Map<string, QueryState>();
  const answersById = new Map<string, ComparisonAnswer>();
  const retracted = new Set<string>();

  const appliers: { [Name in ComparisonEvent['event']]: (event: Extract<ComparisonEvent, { event: Name }>) => void } = {
    started(started) {
      const states: QueryState[] = [];
      const comparison: ComparisonState = { started, hasEnded: false, queries: states };
      for (const query of started.queries) {
        const state: QueryState = { comparison, query, byRater: new Map(), holds: new Map() };
        states.push(state);
        queries.set(query.id, state);
      }
      comparisons.set(started.id, comparison);
    },
    answered(answer) {
      const state = queries.get(answer.query);
      if (!state || state.byRater.has(answer.rater)) return;
      state.byRater.set(answer.rater, answer);
      state.holds.delete(answer.rater);
      answersById.set(answer.id, answer);
    },
    retracted({ answer: id, rater }) {
      const answer = answersById.get(id);
      const state = answer && queries.get(answer.query);
      if (answer?.rater !== rater || state?.byRater.get(rater)?.id !== id) return;
      state.byRater.delete(rater);
      state.holds.set(rater, { untilMs: now().getTime() + LEASE_MS, page: '' });
      retracted.add(id);
    },
    ended({ comparison }) {
      const state = comparisons.get(comparison);
      if (state) state.hasEnded = true;
    },
  };
  const apply = (event: ComparisonEvent) => (appliers[event.event] as (event: ComparisonEvent) => void)(event);
  for (const event of readComparisonEvents(project)) apply(event);

  /** Written first, believed after: what a full disk refuses was never said. */
  const record = createBatches(async (events: readonly ComparisonEvent[]) => {
    await writer.append(events);
    events.forEach(apply);
    return events;
  });
  const answers = createBatches(async (batch: readonly SubmittedComparison[]) => {
    const fresh = new Map<string, ComparisonAnswer>();
    const acceptances = batch.map((submitted) => decide(submitted, fresh));
    await writer.append([...fresh.values()]);
    for (const answer of fresh.values()) apply(answer);
    return acceptances;
  });

  /** Adds to `fresh`, by rater and query, what is to be written. */
  const decide = (submitted: SubmittedComparison, fresh: Map<string, ComparisonAnswer>): Acceptance => {
    const { id, rater, query, seconds } = submitted;
    const state = queries.get(query);
    if (!state) return { state: 'unknown', reason: 'there is no such query' };
    const key = JSON.stringify([rater, query]);
    // A retry that arrives after the undo must not bring the answer back.
    if (retracted.has(id)) return { state: 'known' };
    const standing = state.byRater.get(rater) ?? fresh.get(key);
    if (standing) {
      const agrees = standing.id === id || QUESTIONS.every((question) => standing[question] === submitted[question]);
      return agrees ? { state: 'known' } : { state: 'conflict', reason: 'this query is answered' };
    }
    const isTaken = answersById.has(id) || [...fresh.values()].some((other) => other.id === id);
    if (isTaken) return { state: 'conflict', reason: 'the id of this answer is taken' };
    fresh.set(key, {
      event: 'answered',
      id,
      time: now().toISOString(),
      comparison: state.comparison.started.id,
      query,
      rater,
      treatedIsLeft: treatedIsLeft(state, rater),
      alignment: submitted.alignment,
      fidelity: submitted.fidelity,
      ...(seconds === undefined ? {} : { seconds }),
    });
    return { state: 'accepted' };
  };

  const openFor = (rater: string) =>
    [...queries.values()].filter(
      ({ comparison, byRater }) =>
        !comparison.hasEnded && byRater.size < comparison.started.raters && !byRater.has(rater),
    );

  return {
    all: () =>
      [...comparisons.values()].map(({ started, hasEnded, queries: states }) => ({
        started,
        hasEnded,
        answers: states.flatMap(({ byRater }) => [...byRater.values()]),
      })),
    async start({ treated, baseline, images }) {
      const { imagesPerPrompt: setSize, raters } = project.config.evaluate;
      const paired = pairImages(images, { treated, baseline, setSize });
      const taken = [...comparisons.values()].some(
        ({ started, hasEnded }) =>
          !hasEnded &&
          started.treated.modelHash === paired.treatedHash &&
          started.baseline.modelHash === paired.baselineHash,
      );
      if (taken) throw badInput('expected two models that are not being compared already');
      const id = randomUUID();
      await record.add({
        event: 'started',
        id,
        time: now().toISOString(),
        treated: { model: treated, modelHash: paired.treatedHash },
        baseline: { model: baseline, modelHash: paired.baselineHash },
        raters,
        seed: seed(),
        queries: paired.queries.map((query) => ({ id: randomUUID(), ...query })),
      });
      return id;
    },
    async end(id) {
      const comparison = comparisons.get(id);
      if (!comparison) return false;
      if (!comparison.hasEnded) await record.add({ event: 'ended', time: now().toISOString(), comparison: id });
      return true;
    },
    standing: (rater) => ({
      answered: [...queries.values()].filter(({ byRater }) => byRater.has(rater)).length,
      open: openFor(rater).length,
    }),
    lease({ rater, page = '', count }) {
      const nowMs = now().getTime();
      const heldByOthers = ({ holds }: QueryState) =>
        [...holds].filter(([holder, { untilMs }]) => holder !== rater && untilMs > nowMs).length;
      const holdOf = ({ holds }: QueryState) => {
        const hold = holds.get(rater);
        return hold && hold.untilMs > nowMs ? hold : undefined;
      };
      // What was taken back is held for whichever page of the rater asks.
      const isHeld = (state: QueryState) => ['', page].includes(holdOf(state)?.page ?? '-');
      const asked = openFor(rater)
        .filter((state) => {
          if (holdOf(state)) return isHeld(state);
          return state.byRater.size + heldByOthers(state) < state.comparison.started.raters;
        })
        .sort((a, b) => Number(isHeld(b)) - Number(isHeld(a)) || a.byRater.size - b.byRater.size)
        .slice(0, count);
      for (const state of asked) state.holds.set(rater, { untilMs: nowMs + LEASE_MS, page });
      return asked.map((state) => shownTo(rater, state));
    },
    preview: ({ rater, count }) =>
      [...queries.values()]
        .filter(({ comparison }) => !comparison.hasEnded)
        .slice(0, count)
        .map((state) => shownTo(rater, state)),
    release({ rater, page }) {
      for (const { holds } of queries.values()) {
        if (page === undefined || holds.get(rater)?.page === page) holds.delete(rater);
      }
    },
    answer: answers.add,
    async retract({ id, rater }) {
      const answer = answersById.get(id);
      if (answer?.rater !== rater) return { state: 'unknown', reason: 'there is no such answer' };
      if (retracted.has(id)) return { state: 'known' };
      await record.add({ event: 'retracted', time: now().toISOString(), answer: id, rater });
      return { state: 'retracted' };
    },
    async close() {
      await Promise.all([record.idle(), answers.idle()]);
      await writer.close();
    },
  };
}

/** The query as the rater sees it. */
function shownTo(rater: string, state: QueryState): AskedComparison {
  const { id, prompt, treated, baseline } = state.query;
  const [left, right] = treatedIsLeft(state, rater) ? [treated, baseline] : [baseline, treated];
  return { query: id, prompt, left, right };
}

/** The coin of this query for this rater: the same whenever it is thrown again. */
function treatedIsLeft({ comparison, query }: QueryState, rater: string): boolean {
  return createRandom(comparison.started.seed).fork(`side of ${query.id} for ${rater}`).uniform() < 0.5;
}
