/**
 * The studio's tables, in the Postgres dialect. The tables of judgements are only an index of feedback.jsonl. Leases,
 * sessions and invites exist only in the tables. These records are lost when the tables are rebuilt, which does no
 * harm. After a change to this file, run `drizzle-kit generate`, which writes the next file in migrations/.
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
    /** Ids in the image store, in the order of display. */
    images: text().array().notNull(),
    /**
     * Position in the order in which queries are asked, the same for all raters; computed from the query's id, a hash.
     */
    position: integer().notNull(),
    /**
     * Number of people's answers to this query, not counting skips, retracted answers, and answers that only measure
     * raters.
     */
    answers: integer().notNull().default(0),
    /**
     * Time since which all images of the query have known answers. A query with known answers measures raters, and its
     * answers are not training data.
     */
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
    /** Id of the answer. The page chooses the id, so that a retry is recognised. */
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
    /** For a repeated query, the id of the original query; `query` then has the id of the repetition. */
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

/**
 * Leases of queries by raters' pages. Leases keep a query from being asked of more raters than wanted. An expired lease
 * has no effect.
 */
export const leases = pgTable(
  'leases',
  {
    query: text().notNull(),
    rater: text().notNull(),
    expiresAt: moment('expires_at').notNull(),
    purpose: text().$type<Purpose>().notNull().default('feedback'),
    repeatOf: text('repeat_of'),
    /** The rater's page (a browser tab) that holds the lease, so that two tabs of one rater get different queries. */
    page: text().notNull().default(''),
    /**
     * Time at which the page first got the query; `shownAt` is the time at which the page first displayed all its
     * images.
     */
    handedAt: moment('handed_at').notNull().defaultNow(),
    shownAt: moment('shown_at'),
  },
  (table) => [
    primaryKey({ columns: [table.query, table.rater] }),
    index('leases_by_rater').on(table.rater, table.expiresAt),
  ],
);

/** The known answer for one image, which an owner has given. */
export const gold = pgTable('gold', {
  image: text().primaryKey(),
  label: text().$type<'good' | 'bad'>().notNull(),
  why: text(),
  /** The owner who gave the answer. */
  rater: text().notNull(),
  isHuman: boolean('is_human').notNull(),
  markedAt: moment('marked_at').notNull(),
});

/** The kinds of work that an invite is for. */
export const INVITE_PURPOSES = ['labelling', 'comparison', 'both'] as const;
export type InvitePurpose = (typeof INVITE_PURPOSES)[number];

/** Invites for raters. An invite's link is signed and not stored. */
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

/** Sessions of logged-in people; the cookie's token is stored as a hash. */
export const sessions = pgTable('sessions', {
  tokenHash: text('token_hash').primaryKey(),
  role: text().$type<'owner' | 'rater'>().notNull(),
  rater: text().notNull(),
  invite: text(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
});

/** Raters who had to wait for work, and raters who have earned the completion code. */
export const completions = pgTable('completions', {
  rater: text().primaryKey(),
  /** Time since which the rater waits for work; absent while there is work. */
  waitingSince: moment('waiting_since'),
  earnedAt: moment('earned_at'),
});

/** For each of the project's files, the number of its records that the tables already contain. */
export const progress = pgTable('progress', {
  /** 'feedback' for events of feedback.jsonl, or 'images of SET' for the images of one set. */
  source: text().primaryKey(),
  count: integer().notNull(),
});
