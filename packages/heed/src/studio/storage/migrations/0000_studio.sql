CREATE TABLE "answers" (
	"id" text PRIMARY KEY NOT NULL,
	"query" text NOT NULL,
	"rater" text NOT NULL,
	"is_human" boolean NOT NULL,
	"is_skipped" boolean NOT NULL,
	"labels" jsonb NOT NULL,
	"reason" text,
	"seconds" double precision,
	"answered_at" timestamp with time zone NOT NULL,
	"retracted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "invites" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"max_uses" integer NOT NULL,
	"uses" integer DEFAULT 0 NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"query" text NOT NULL,
	"rater" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "leases_query_rater_pk" PRIMARY KEY("query","rater")
);
--> statement-breakpoint
CREATE TABLE "progress" (
	"source" text PRIMARY KEY NOT NULL,
	"count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "queries" (
	"id" text PRIMARY KEY NOT NULL,
	"prompt" text NOT NULL,
	"category" text NOT NULL,
	"images" text[] NOT NULL,
	"position" integer NOT NULL,
	"answers" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"role" text NOT NULL,
	"rater" text NOT NULL,
	"invite" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "one_answer_a_rater" ON "answers" USING btree ("query","rater") WHERE retracted_at is null;--> statement-breakpoint
CREATE INDEX "answers_by_rater" ON "answers" USING btree ("rater","answered_at");--> statement-breakpoint
CREATE INDEX "leases_by_rater" ON "leases" USING btree ("rater","expires_at");--> statement-breakpoint
CREATE INDEX "queries_by_need" ON "queries" USING btree ("answers","position");