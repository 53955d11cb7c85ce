/**
 * Records who has earned the completion code. A rater earns the code by doing all available work, or by waiting long
 * enough for other raters. An earned code is never withdrawn. The server, not the page, measures the wait, across
 * reloads and restarts.
 */
import { isNotNull, or } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { completions } from '../storage/schema.ts';

/**
 * Numbers of a rater's answers and open queries, over all kinds of work (labelling, comparing) that the invite is for.
 */
export interface WorkLeft {
  readonly answered: number;
  readonly open: number;
}

export interface Completions {
  /** Records that a rater's page asked for work, and whether there was any work for the rater. */
  noteAsked(rater: string, options: { hasWork: boolean }): Promise<void>;
  /** Whether the code is earned. `paidInSeconds` is the time until a rater who waits for work earns the code. */
  look(rater: string, work: WorkLeft): Promise<{ isEarned: boolean; paidInSeconds?: number }>;
}

interface Known {
  waitingSince: Date | null;
  isEarned: boolean;
}

export function createCompletions(db: Database, options: { waitMinutes: number; now?: () => Date }): Completions {
  const { waitMinutes, now = () => new Date() } = options;
  const waitMs = waitMinutes * 60_000;
  /**
   * The rows of the table by rater. The rows are cached, since only this process writes the table. Most raters have no
   * row in the table and are not cached.
   */
  let all: Promise<Map<string, Known>> | undefined;
  const load = async () => {
    const rows = await db
      .select()
      .from(completions)
      .where(or(isNotNull(completions.waitingSince), isNotNull(completions.earnedAt)));
    return new Map(
      rows.map(({ rater, waitingSince, earnedAt }) => [rater, { waitingSince, isEarned: earnedAt !== null }]),
    );
  };
  const known = () => {
    all ??= load().catch((error: unknown) => {
      all = undefined;
      throw error;
    });
    return all;
  };
  const write = async (rater: string, row: { waitingSince: Date | null; earnedAt?: Date }) => {
    await db
      .insert(completions)
      .values({ rater, ...row })
      .onConflictDoUpdate({ target: completions.rater, set: row });
  };
  return {
    async noteAsked(rater, { hasWork }) {
      const raters = await known();
      const earlier = raters.get(rater);
      const isWaiting = earlier?.waitingSince != null;
      if (hasWork !== isWaiting) return;
      const waitingSince = hasWork ? null : now();
      raters.set(rater, { waitingSince, isEarned: earlier?.isEarned ?? false });
      await write(rater, { waitingSince });
    },
    async look(rater, { answered, open }) {
      const raters = await known();
      const { waitingSince = null, isEarned = false } = raters.get(rater) ?? {};
      if (isEarned) return { isEarned };
      const waitedMs = waitingSince === null ? 0 : now().getTime() - waitingSince.getTime();
      const isDone = answered > 0 && open === 0;
      if (isDone || (waitingSince !== null && waitedMs >= waitMs)) {
        raters.set(rater, { waitingSince, isEarned: true });
        await write(rater, { waitingSince, earnedAt: now() });
        return { isEarned: true };
      }
      if (waitingSince === null) return { isEarned: false };
      return { isEarned: false, paidInSeconds: Math.ceil((waitMs - waitedMs) / 1000) };
    },
  };
}
