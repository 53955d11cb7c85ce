/**
 * Opens the studio's database, migrated: PGlite in `.heed/studio/`, or the PostgreSQL of DATABASE_URL. The caller holds
 * the lock, which lies outside the data folder: two processes on one PGlite folder lose rows without an error.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PgliteDatabase } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { badInput, HeedError } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { loadSecret } from '../auth/secret.ts';
import { makeFunctions } from './functions.ts';
import { openPglite, removePglite } from './pglite.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/** The database with its transactions, whichever driver stands behind it. */
export type StudioDatabase = PgliteDatabase;

/** Reads and writes of the tables; inside a transaction as outside. */
export type Database = Pick<
  StudioDatabase,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | 'execute' | '$count'
>;

/** Runs one statement with values ($1, $2), or several in one text without. */
export type SqlExecutor = (
  text: string,
  values?: readonly unknown[],
) => Promise<{ readonly rows: readonly Record<string, unknown>[] }>;

/** The database and its end. */
export interface OpenDatabase {
  readonly kind: 'pglite' | 'postgres';
  /** What messages call it. */
  readonly place: string;
  readonly db: StudioDatabase;
  /** Names of Postgres schemas: the studio's tables, their migrations, the queue of jobs. */
  readonly schemas: { readonly tables: string; readonly migrations: string; readonly jobs: string };
  /** For libraries that write SQL themselves. */
  readonly execute: SqlExecutor;
  /** The same within one transaction. */
  transact<T>(work: (execute: SqlExecutor) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Of a PostgreSQL, or '' for PGlite; the default is the environment's DATABASE_URL. */
  readonly url?: string | undefined;
}

/** Where the tables of a project lie. */
export function databaseFolder(project: Project): string {
  return join(project.paths.state, 'studio');
}

/** Opens or makes the database of the project whose folder of tables is `folder`. */
export async function openDatabase(
  folder: string,
  { url = process.env.DATABASE_URL }: DatabaseOptions = {},
): Promise<OpenDatabase> {
  await mkdir(folder, { recursive: true });
  let opened: OpenDatabase | undefined;
  try {
    opened = isPostgres(url) ? await openPostgres(url, folder) : await openPglite(join(folder, 'pglite'));
    await refuseNewerSchema(opened);
    await migrate(opened.db, {
      migrationsFolder: MIGRATIONS_FOLDER,
      migrationsSchema: opened.schemas.migrations,
    });
    await makeFunctions(opened);
    return opened;
  } catch (error) {
    await opened?.close().catch(() => {});
    throw unreadable(opened?.place ?? folder, error);
  }
}

/**
 * Does the first work on tables that were just opened: damage that opening did not meet shows here, and is called what
 * it is.
 */
export async function firstRead<T>({ place }: OpenDatabase, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    throw unreadable(place, error);
  });
}

function unreadable(place: string, error: unknown): HeedError {
  if (error instanceof HeedError) return error;
  const { message, cause } = error as Error;
  // Drizzle's own message is the statement; why it failed is its cause.
  const reason = cause instanceof Error ? cause.message : message;
  return new HeedError(
    `${place}: expected the studio's tables, they do not open (${reason}); \`heed doctor --rebuild\` makes them anew from feedback.jsonl`,
    { cause: error },
  );
}

/** Removes the tables; the next opening makes them again from the project's files. */
export async function removeDatabase(
  folder: string,
  { url = process.env.DATABASE_URL }: DatabaseOptions = {},
): Promise<void> {
  if (!isPostgres(url)) return removePglite(join(folder, 'pglite'));
  const { removePostgres } = await import('./postgres.ts');
  await removePostgres(url, await loadSecret(folder));
}

function isPostgres(url: string | undefined): url is string {
  if (url === undefined || url === '') return false;
  if (/^postgres(ql)?:\/\//.test(url)) return true;
  // The value can hold a password.
  throw badInput('DATABASE_URL must begin with postgresql://, got something else');
}

async function openPostgres(url: string, folder: string): Promise<OpenDatabase> {
  const postgres = await import('./postgres.ts');
  return postgres.openPostgres(url, await loadSecret(folder));
}

async function refuseNewerSchema({ execute, schemas }: OpenDatabase): Promise<void> {
  const table = `${schemas.migrations}.__drizzle_migrations`;
  const { rows: tables } = await execute('select to_regclass($1)::text as name', [table]);
  if (!tables[0]?.name) return;
  const { rows } = await execute(`select count(*)::int as applied from ${table}`, []);
  const journal = JSON.parse(await readFile(join(MIGRATIONS_FOLDER, 'meta', '_journal.json'), 'utf8')) as {
    entries: unknown[];
  };
  const applied = Number(rows[0]?.applied ?? 0);
  if (applied > journal.entries.length) {
    throw new HeedError(
      `the studio's tables are of a newer heed: expected at most ${journal.entries.length} migrations, found ${applied}`,
    );
  }
}
