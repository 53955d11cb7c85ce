/**
 * Stores an owner's known answer to a query, or withdraws the known answer. Queries with a known answer measure raters.
 */
import { randomUUID } from 'node:crypto';
import { eq, inArray } from 'drizzle-orm';
import { type FeedbackEvent, RETRACTED } from '../../feedback/index.ts';
import { applyKeys } from '../storage/gold-tables.ts';
import { gold, queries } from '../storage/schema.ts';
import { type Decision, type DecisionContext, type GoldMark, type GoldRemoval, refusal } from './answer.ts';

export async function decideGold(mark: GoldMark, context: DecisionContext): Promise<Decision> {
  const { db } = context;
  const [query] = await db.select().from(queries).where(eq(queries.id, mark.query));
  if (!query) return refusal('unknown', 'there is no such query');
  if (mark.images.length !== query.images.length) {
    return refusal('conflict', `expected ${query.images.length} labels, got ${mark.images.length}`);
  }
  const given = query.images.map((image, i) => ({ image, ...mark.images[i]! }));
  const earlier = await db.select().from(gold).where(inArray(gold.image, query.images));
  const isKnown = given.every(({ image, label, why }) =>
    earlier.some((row) => row.image === image && row.label === label && row.why === (why ?? null) && row.isHuman),
  );
  if (isKnown) return { acceptance: { state: 'known' }, events: [] };
  const events = given.map(({ image, label, why }) => keyEvent({ ...mark, image, label, why }, context));
  await applyKeys(db, events);
  return { acceptance: { state: 'accepted' }, events };
}

export async function decideGoldRemoval(removal: GoldRemoval, context: DecisionContext): Promise<Decision> {
  const { db } = context;
  const [query] = await db.select().from(queries).where(eq(queries.id, removal.query));
  if (!query) return refusal('unknown', 'there is no such query');
  if (query.goldSince === null) return { acceptance: { state: 'retracted' }, events: [] };
  const rows = await db.select().from(gold).where(inArray(gold.image, query.images));
  // The retraction is recorded for the owner who gave the answer, as if never given.
  const events = rows.map(({ image, rater, isHuman }) => {
    const raterKind = isHuman ? 'human' : 'simulated';
    return { ...keyEvent({ query: removal.query, rater, image, label: RETRACTED }, context), raterKind } as const;
  });
  await applyKeys(db, events);
  return { acceptance: { state: 'retracted' }, events };
}

function keyEvent(
  facts: Pick<FeedbackEvent, 'query' | 'rater' | 'image' | 'label'> & { why?: string | undefined },
  { images, time }: DecisionContext,
): FeedbackEvent {
  const { query, rater, image, label, why } = facts;
  const { prompt, model } = images.get(image);
  return {
    id: `key-${randomUUID()}`,
    time: time.toISOString(),
    rater,
    raterKind: 'human',
    query,
    image,
    prompt,
    model,
    label,
    ...(why === undefined ? {} : { reason: why }),
    purpose: 'key',
  };
}
