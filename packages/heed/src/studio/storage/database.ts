/**
 * Opens the studio's database: PGlite in `.heed/studio/`, migrated. The caller holds the lock, which lies outside the
 * data folder: two processes on one PGlite folder lose rows without an error. PGlite never flushes to disk, so nothing
 * may be acknowledged for being in it.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle, type PgliteDatabase } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { HeedError } from '../../errors.ts';
import type { Project } from '../../project/project.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/** Reads and writes of the tables; inside a transaction as outside. */
export type Database = Pick<
  PgliteDatabase,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | 'execute' | '$count'
>;

/** The database and its end. */
export interface OpenDatabase {
  readonly db: PgliteDatabase;
  close(): Promise<void>;
}

/** Where the tables of a project lie. */
export function databaseFolder(project: Project): string {
  return join(project.paths.state, 'studio');
}

/** Opens or makes the database in `folder`. A first start that was killed half-way is moved aside and begun again. */
export async function openDatabase(folder: string): Promise<OpenDatabase> {
  await mkdir(folder, { recursive: true });
  const dataFolder = join(folder, 'pglite');
  if (existsSync(dataFolder) && !isWhole(dataFolder)) await rename(dataFolder, `${dataFolder}.torn-${Date.now()}`);
  try {
    const client = await PGlite.create(dataFolder);
    const db = drizzle(client);
    await refuseNewerSchema(db);
    await migrate(db, { migrationsFolder: MIGRATIONS_FOLDER });
    return { db, close: () => client.close() };
  } catch (error) {
    if (error instanceof HeedError) throw error;
    throw new HeedError(
      `${dataFolder}: expected the studio's tables, they do not open (${(error as Error).message}); \`heed doctor --rebuild\` makes them anew from feedback.jsonl`,
      { cause: error },
    );
  }
}

/** Removes the tables; the next opening makes them anew from the project's files. */
export async function removeDatabase(folder: string): Promise<void> {
  await rm(join(folder, 'pglite'), { recursive: true, force: true });
}

/** What initdb writes last is there. */
function isWhole(dataFolder: string): boolean {
  return ['PG_VERSION', 'global/pg_control', 'postgresql.conf'].every((name) => existsSync(join(dataFolder, name)));
}

async function refuseNewerSchema(db: PgliteDatabase): Promise<void> {
  const { rows: tables } = await db.execute<{ name: string | null }>(
    sql`select to_regclass('drizzle.__drizzle_migrations')::text as name`,
  );
  if (!tables[0]?.name) return;
  const { rows } = await db.execute<{ applied: number }>(
    sql`select count(*)::int as applied from drizzle.__drizzle_migrations`,
  );
  const journal = JSON.parse(await readFile(join(MIGRATIONS_FOLDER, 'meta', '_journal.json'), 'utf8')) as {
    entries: unknown[];
  };
  const applied = rows[0]?.applied ?? 0;
  if (applied > journal.entries.length) {
    throw new HeedError(
      `the studio's tables are of a newer heed: expected at most ${journal.entries.length} migrations, found ${applied}`,
    );
  }
}
