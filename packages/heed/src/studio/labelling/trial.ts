/**
 * Lets the owner try the labelling page as raters see it. Answers stay in memory, queries are not leased, and the trial
 * ends after a few queries.
 */
import { and, asc, inArray, isNull, notInArray } from 'drizzle-orm';
import type { Label } from '../../feedback/index.ts';
import type { Database } from '../storage/database.ts';
import { queries } from '../storage/schema.ts';
import type { Acceptance, Answer, Retraction } from './answer.ts';
import type { AskedQuery } from './lease.ts';
import { practiceQueriesOf } from './measuring-queries.ts';
import { practiceFeedback } from './practice.ts';
import type { Standing } from './standing.ts';

/** Number of queries in a trial, not counting practice queries. */
const TRIAL_QUERIES = 6;
const MAX_TRIALS = 100;

interface TrialAnswer {
  readonly query: string;
  readonly isPractice: boolean;
}

export interface Trials {
  standing(rater: string): Promise<Standing>;
  lease(options: { rater: string; count: number }): Promise<AskedQuery[]>;
  answer(answer: Answer): Promise<Acceptance>;
  retract(retraction: Retraction): Acceptance;
}

export function createTrials(db: Database, { practiceQueries }: { practiceQueries: number }): Trials {
  /** Answers by rater, then by answer id. */
  const trials = new Map<string, Map<string, TrialAnswer>>();
  const trialOf = (rater: string) => {
    const trial = trials.get(rater) ?? new Map<string, TrialAnswer>();
    if (trials.size >= MAX_TRIALS && !trials.has(rater)) trials.delete(trials.keys().next().value!);
    trials.set(rater, trial);
    return trial;
  };
  const counted = (rater: string) => [...trialOf(rater).values()].filter(({ isPractice }) => !isPractice).length;
  const askable = async (rater: string): Promise<AskedQuery[]> => {
    const done = [...trialOf(rater).values()].map(({ query }) => query);
    const known = await practiceQueriesOf(db, practiceQueries);
    const practice = known
      .filter(({ id }) => !done.includes(id))
      .map((query) => ({ ...query, purpose: 'practice' as const }));
    const left = Math.max(0, TRIAL_QUERIES - counted(rater));
    const isFresh = done.length === 0 ? undefined : notInArray(queries.id, done);
    const rows = await db
      .select({ id: queries.id, prompt: queries.prompt, images: queries.images })
      .from(queries)
      .where(and(isNull(queries.goldSince), isFresh))
      .orderBy(asc(queries.position))
      .limit(left);
    return [...practice, ...rows.map((query) => ({ ...query, purpose: 'feedback' as const }))];
  };
  return {
    async standing(rater) {
      const open = (await askable(rater)).filter(({ purpose }) => purpose === 'feedback').length;
      return { answered: counted(rater), open };
    },
    lease: async ({ rater, count }) => (await askable(rater)).slice(0, count),
    async answer({ id, rater, query, labels }) {
      const [found] = await db
        .select()
        .from(queries)
        .where(inArray(queries.id, [query]));
      if (!found) return { state: 'unknown', reason: 'there is no such query' };
      const isPractice = found.goldSince !== null;
      trialOf(rater).set(id, { query, isPractice });
      if (!isPractice) return { state: 'accepted' };
      const given = Object.fromEntries(found.images.map((image, i) => [image, labels?.[i] ?? ('skip' as Label)]));
      const practice = await practiceFeedback(db, { images: found.images, labels: given });
      return { state: 'accepted', ...(practice === undefined ? {} : { practice }) };
    },
    retract({ id, rater }) {
      trialOf(rater).delete(id);
      return { state: 'retracted' };
    },
  };
}
