/**
 * Decides the purpose of each turn of a rater from the project's secret. The plan is the same after a restart and
 * cannot be guessed. The module also derives the ids of repeated queries. `lease.ts` chooses the queries.
 */
import type { Secret } from '../auth/secret.ts';

/** The purposes of a turn after the practice round. */
export type TurnPurpose = 'feedback' | 'gold' | 'repeat';

export interface AskingPlan {
  /** The purpose of turn number `turn` (from 0) of the rater, if there is a query for it. */
  purposeOf(rater: string, turn: number): TurnPurpose;
  /** A pseudorandom index below `count`, for choosing that turn's query. */
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
