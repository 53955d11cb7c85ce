CREATE TABLE "completions" (
	"rater" text PRIMARY KEY NOT NULL,
	"waiting_since" timestamp with time zone,
	"earned_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "invites" ADD COLUMN "purpose" text DEFAULT 'labelling' NOT NULL;--> statement-breakpoint
ALTER TABLE "leases" ADD COLUMN "page" text DEFAULT '' NOT NULL;