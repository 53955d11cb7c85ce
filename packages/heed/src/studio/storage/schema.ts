/**
 * The studio's tables, in the Postgres dialect. What people said is here only to be looked up fast: feedback.jsonl is
 * the truth. What only the tables know (leases, sessions, invites) is lost when they are rebuilt, and harmless to lose.
 * After a change, `drizzle-kit generate` writes the next file of migrations/.
 */
import { sql } from 'drizzle-orm';
import {
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { Label, Purpose } from '../../feedback/event.ts';

const moment = (name: string) => timestamp(name, { withTimezone: true });

/** Images of one prompt that are shown together. */
export const queries = pgTable(
  'queries',
  {
    id: text().primaryKey(),
    prompt: text().notNull(),
    category: text().notNull(),
    /** Ids in the image store, in the order in which they are shown. */
    images: text().array().notNull(),
    /** A hash of the id: the order in which queries are asked, the same for all. */
    position: integer().notNull(),
    /** Number of people who answered as feedback, without skips and retracted answers. */
    answers: integer().notNull().default(0),
    /** Since when the right answer to each of its images is known; such a query measures raters and teaches nothing. */
    goldSince: moment('gold_since'),
  },
  (table) => [
    index('queries_by_need').on(table.answers, table.position),
    index('gold_queries').on(table.goldSince).where(sql`gold_since is not null`),
  ],
);

/** One rater's answer to one query. */
export const answers = pgTable(
  'answers',
  {
    /** Chosen by the page, so that a retry is known. */
    id: text().primaryKey(),
    query: text().notNull(),
    rater: text().notNull(),
    isHuman: boolean('is_human').notNull(),
    isSkipped: boolean('is_skipped').notNull(),
    /** Image id -> label. */
    labels: jsonb().$type<Record<string, Label>>().notNull(),
    reason: text(),
    seconds: doublePrecision(),
    purpose: text().$type<Purpose>().notNull().default('feedback'),
    /** The query that was asked again under the name in `query`. */
    repeatOf: text('repeat_of'),
    tooFast: boolean('too_fast').notNull().default(false),
    answeredAt: moment('answered_at').notNull(),
    retractedAt: moment('retracted_at'),
  },
  (table) => [
    uniqueIndex('one_answer_a_rater').on(table.query, table.rater).where(sql`retracted_at is null`),
    index('answers_by_rater').on(table.rater, table.answeredAt),
    // Those taken back, too: every answer looks for earlier ones.
    index('answers_by_query').on(table.query, table.rater),
  ],
);

/** A query that a rater's page holds, so that no other rater is asked in vain. An expired one has no effect. */
export const leases = pgTable(
  'leases',
  {
    query: text().notNull(),
    rater: text().notNull(),
    expiresAt: moment('expires_at').notNull(),
    purpose: text().$type<Purpose>().notNull().default('feedback'),
    repeatOf: text('repeat_of'),
    /** The rater's page (a browser tab) that holds it: two tabs of one rater are asked different queries. */
    page: text().notNull().default(''),
    /** When the rater's page first got it, and when the page first said that all its images are to be seen. */
    handedAt: moment('handed_at').notNull().defaultNow(),
    shownAt: moment('shown_at'),
  },
  (table) => [
    primaryKey({ columns: [table.query, table.rater] }),
    index('leases_by_rater').on(table.rater, table.expiresAt),
  ],
);

/** The right answer for one image, as far as somebody vouches for it. */
export const gold = pgTable('gold', {
  image: text().primaryKey(),
  label: text().$type<'good' | 'bad'>().notNull(),
  why: text(),
  /** The owner who gave the answer. */
  rater: text().notNull(),
  isHuman: boolean('is_human').notNull(),
  markedAt: moment('marked_at').notNull(),
});

/** What an invited rater is asked for. */
export const INVITE_PURPOSES = ['labelling', 'comparison', 'both'] as const;
export type InvitePurpose = (typeof INVITE_PURPOSES)[number];

/** Links that let raters in. The link itself is signed and not stored. */
export const invites = pgTable('invites', {
  id: text().primaryKey(),
  name: text().notNull(),
  purpose: text().$type<InvitePurpose>().notNull().default('labelling'),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
  maxUses: integer('max_uses').notNull(),
  uses: integer().notNull().default(0),
  revokedAt: moment('revoked_at'),
});

/** Who is logged in; the cookie's token is stored as a hash. */
export const sessions = pgTable('sessions', {
  tokenHash: text('token_hash').primaryKey(),
  role: text().$type<'owner' | 'rater'>().notNull(),
  rater: text().notNull(),
  invite: text(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
});

/** Raters who had to wait for others, and those who have earned the completion code. */
export const completions = pgTable('completions', {
  rater: text().primaryKey(),
  /** Since when there was nothing for them; absent while there is. */
  waitingSince: moment('waiting_since'),
  earnedAt: moment('earned_at'),
});

/** How far the tables have read the project's files. */
export const progress = pgTable('progress', {
  /** 'feedback' counts events, 'images' records. */
  source: text().primaryKey(),
  count: integer().notNull(),
});
