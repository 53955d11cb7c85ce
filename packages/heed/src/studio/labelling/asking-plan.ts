/**
 * Decides the purpose of each turn of a rater from the project's secret: the same at every start, and not to be
 * guessed. It also derives the ids under which queries are asked again. `lease.ts` chooses the queries.
 */
import type { Secret } from '../auth/secret.ts';

/** What a turn after the practice round can be for. */
export type TurnPurpose = 'feedback' | 'gold' | 'repeat';

export interface AskingPlan {
  /** What turn number `turn` (from 0) of the rater is for, where there is something to ask for it. */
  purposeOf(rater: string, turn: number): TurnPurpose;
  /** An index below `count`, for choosing what to ask at that turn. */
  pick(rater: string, turn: number, count: number): number;
  /** The name under which the rater is asked the query again: of the same form as those of queries. */
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
