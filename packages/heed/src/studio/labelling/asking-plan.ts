/**
 * Decides the purpose of each query that a rater is asked: feedback, known answer or repeat. The choice is
 * pseudorandom, seeded with the project's secret, so that the plan is the same after a restart and cannot be guessed.
 * The module also derives the ids of repeated queries. `lease.ts` chooses the queries.
 */
import type { Secret } from '../auth/secret.ts';

/** The purposes of a turn (one query for a rater) after the practice round. 'gold' is a query with a known answer. */
export type TurnPurpose = 'feedback' | 'gold' | 'repeat';

export interface AskingPlan {
  /**
   * The purpose of the rater's turn number `turn` (from 0). Without a query for that purpose, the rater is asked for
   * feedback.
   */
  purposeOf(rater: string, turn: number): TurnPurpose;
  /** A pseudorandom index below `count`, which chooses the query of turn number `turn`. */
  pick(rater: string, turn: number, count: number): number;
  /** The id under which the query is repeated for the rater. The id looks like an ordinary query id. */
  aliasOf(query: string, rater: string): string;
}

const ALIAS_LENGTH = 20;

export function createAskingPlan(secret: Secret, options: { goldShare: number; repeatShare: number }): AskingPlan {
  const { goldShare, repeatShare } = options;
  const hexOf = (purpose: string, facts: readonly (string | number)[]) =>
    Buffer.from(secret.tag(purpose, JSON.stringify(facts)), 'base64url').toString('hex');
  /** Uniform in [0, 1). */
  const chance = (purpose: string, facts: readonly (string | number)[]) =>
    Number.parseInt(hexOf(purpose, facts).slice(0, 12), 16) / 2 ** 48;
  return {
    purposeOf(rater, turn) {
      const position = chance('turn', [rater, turn]);
      if (position < goldShare) return 'gold';
      return position < goldShare + repeatShare ? 'repeat' : 'feedback';
    },
    pick: (rater, turn, count) => Math.floor(count * chance('pick', [rater, turn])),
    aliasOf: (query, rater) => hexOf('repeat', [query, rater]).slice(0, ALIAS_LENGTH),
  };
}
