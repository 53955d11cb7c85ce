CREATE TABLE "gold" (
	"image" text PRIMARY KEY NOT NULL,
	"label" text NOT NULL,
	"why" text,
	"rater" text NOT NULL,
	"is_human" boolean NOT NULL,
	"marked_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "answers" ADD COLUMN "purpose" text DEFAULT 'feedback' NOT NULL;--> statement-breakpoint
ALTER TABLE "answers" ADD COLUMN "repeat_of" text;--> statement-breakpoint
ALTER TABLE "answers" ADD COLUMN "too_fast" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "leases" ADD COLUMN "purpose" text DEFAULT 'feedback' NOT NULL;--> statement-breakpoint
ALTER TABLE "leases" ADD COLUMN "repeat_of" text;--> statement-breakpoint
ALTER TABLE "leases" ADD COLUMN "handed_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "leases" ADD COLUMN "shown_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "queries" ADD COLUMN "gold_since" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "gold_queries" ON "queries" USING btree ("gold_since") WHERE gold_since is not null;