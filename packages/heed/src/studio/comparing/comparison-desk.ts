/**
 * Runs the blind comparisons by people: starts comparisons, assigns queries to raters, and stores the answers. The
 * state is read from comparisons.jsonl once and then kept in memory. An answer is acknowledged after its line in
 * comparisons.jsonl is flushed to disk. The routes check permissions.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { badInput } from '../../errors.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';
import type { Acceptance, Retraction } from '../labelling/answer.ts';
import { createBatches } from '../storage/batches.ts';
import { chooseQueries, isAsking, openCount } from './choose-queries.ts';
import { type ComparisonEvent, openComparisonWriter, readComparisonEvents } from './comparison-log.ts';
import {
  type ComparisonState,
  createComparisonStates,
  type OpenComparison,
  openComparisons,
  type QueryState,
} from './comparison-state.ts';
import { decideComparisons, type SubmittedComparison, treatedIsLeft } from './decide-comparison.ts';
import { pairImages } from './pair-images.ts';
import { createQueryHolds } from './query-holds.ts';

/** A query as the rater sees it: the ids of the left and the right images, without the models' names. */
export interface AskedComparison {
  readonly query: string;
  readonly prompt: string;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

export interface NewComparison {
  /** Names of models. With two models, the second is the baseline. */
  readonly models: readonly string[];
  /** How many people answer each query; by default `studio.comparisonRaters`. */
  readonly raters?: number | undefined;
  readonly images: ImageStore;
}

export interface ComparisonDesk {
  /** All comparisons, in the order of their start. */
  all(): OpenComparison[];
  /**
   * Starts a comparison and returns its id. Throws `badInput` when two of the models have no images of the same prompt
   * and seed.
   */
  start(comparison: NewComparison): Promise<string>;
  /**
   * Ends a comparison: raters get no more queries, but answers to queries that are already on their pages are accepted.
   * Returns false when no comparison has this id.
   */
  end(id: string): Promise<boolean>;
  /** Sets the number of people who answer each query. Returns false when no comparison has this id. */
  setRaters(id: string, raters: number): Promise<boolean>;
  standing(rater: string): { readonly answered: number; readonly open: number };
  /** Returns up to `count` queries that the rater has not answered. The rater gets a lease on each query. */
  lease(options: { rater: string; page?: string | undefined; count: number }): AskedComparison[];
  /** Returns the first `count` queries of the comparisons that were not ended, and leases none of these queries. */
  preview(options: { rater: string; count: number }): AskedComparison[];
  /** Ends all leases of the rater, or only the leases of one closed page. */
  release(options: { rater: string; page?: string | undefined }): void;
  answer(submitted: SubmittedComparison): Promise<Acceptance>;
  /** Retracts a rater's answer. The page that requests the retraction gets the query's lease again. */
  retract(retraction: Retraction): Promise<Acceptance>;
  close(): Promise<void>;
}

/** Opens the comparisons of one project. The caller must hold the project's lock. */
export function openComparisonDesk(
  project: Project,
  options: { now?: () => Date; seed?: () => number } = {},
): ComparisonDesk {
  const { now = () => new Date(), seed = () => randomInt(2 ** 31) } = options;
  const writer = openComparisonWriter(project);
  const states = createComparisonStates();
  for (const event of readComparisonEvents(project)) states.apply(event);
  const { comparisons, queries } = states;
  const holds = createQueryHolds(now);

  /** Events are written before the state changes, so that a failed write has no effect. */
  const write = async (events: readonly ComparisonEvent[]) => {
    await writer.append(events);
    events.forEach(states.apply);
    return events;
  };
  const record = createBatches(write);
  const answers = createBatches(async (batch: readonly SubmittedComparison[]) => {
    const { acceptances, fresh } = decideComparisons(states, batch, { time: now() });
    await write(fresh);
    for (const { query, rater } of fresh) holds.drop(query, rater);
    return acceptances;
  });

  return {
    all: () => openComparisons(states),
    async start({ models, raters = project.config.studio.comparisonRaters, images }) {
      const paired = pairImages(images, { models, setSize: project.config.evaluate.imagesPerPrompt });
      if ([...comparisons.values()].some((other) => isAsking(other) && comparesThese(other, paired.models))) {
        throw badInput('expected models that are not being compared already');
      }
      const id = randomUUID();
      await record.add({
        event: 'started',
        id,
        time: now().toISOString(),
        models: paired.models,
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
    async setRaters(id, raters) {
      const comparison = comparisons.get(id);
      if (!comparison) return false;
      if (comparison.raters !== raters) {
        await record.add({ event: 'raters-changed', time: now().toISOString(), comparison: id, raters });
      }
      return true;
    },
    standing: (rater) => ({
      answered: [...queries.values()].filter(({ byRater }) => byRater.has(rater)).length,
      open: openCount(comparisons.values(), rater),
    }),
    lease({ rater, page = '', count }) {
      const chosen = chooseQueries(comparisons.values(), { rater, page, count, holds });
      for (const { query } of chosen) holds.hold(query.id, { rater, page });
      return chosen.map((state) => shownTo(rater, state));
    },
    preview: ({ rater, count }) =>
      [...queries.values()]
        .filter(({ comparison }) => !comparison.hasEnded)
        .slice(0, count)
        .map((state) => shownTo(rater, state)),
    release: holds.release,
    answer: answers.add,
    async retract({ id, rater, page = '' }) {
      const answer = states.answers.get(id);
      if (answer?.rater !== rater) return { state: 'unknown', reason: 'there is no such answer' };
      if (states.retracted.has(id)) return { state: 'known' };
      await record.add({ event: 'retracted', time: now().toISOString(), answer: id, rater });
      holds.hold(answer.query, { rater, page });
      return { state: 'retracted' };
    },
    async close() {
      await Promise.all([record.idle(), answers.idle()]);
      await writer.close();
    },
  };
}

/** Whether the comparison has these models, in any order. */
function comparesThese({ started }: ComparisonState, models: readonly { readonly modelHash: string }[]): boolean {
  const own = new Set(started.models.map(({ modelHash }) => modelHash));
  return own.size === models.length && models.every(({ modelHash }) => own.has(modelHash));
}

/** Puts the images of a query on the left and right sides that this rater sees. */
function shownTo(rater: string, state: QueryState): AskedComparison {
  const { id, prompt, treated, baseline } = state.query;
  const [left, right] = treatedIsLeft(state, rater) ? [treated, baseline] : [baseline, treated];
  return { query: id, prompt, left, right };
}
