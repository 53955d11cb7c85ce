/**
 * Who has earned the completion code: who did all there was, and who waited long enough for others. It stays earned.
 * How long somebody waits is counted here and not by the page, over reloads and restarts.
 */
import { isNotNull, or } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { completions } from '../storage/schema.ts';

/** What a rater has done and may still be asked, of all kinds of work that they are invited for. */
export interface WorkLeft {
  readonly answered: number;
  readonly open: number;
}

export interface Completions {
  /** There was, or was not, something for the rater when their page asked. */
  noteAsked(rater: string, options: { hasWork: boolean }): Promise<void>;
  /** `paidInSeconds` while the rater waits. */
  look(rater: string, work: WorkLeft): Promise<{ isEarned: boolean; paidInSeconds?: number }>;
}

interface Known {
  waitingSince: Date | null;
  isEarned: boolean;
}

export function createCompletions(db: Database, options: { waitMinutes: number; now?: () => Date }): Completions {
  const { waitMinutes, now = () => new Date() } = options;
  const waitMs = waitMinutes * 60_000;
  /** This process alone writes them. Raters without a row are most, and are not remembered. */
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
