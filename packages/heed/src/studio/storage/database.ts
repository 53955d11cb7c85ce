/**
 * Opens and migrates the studio's database: PGlite in `.heed/studio/`, or the PostgreSQL of DATABASE_URL. The caller
 * must hold the studio's lock; the lock file is outside the data folder. If two processes open one PGlite folder, rows
 * are lost without an error.
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

/** The database with transactions, for either driver. */
export type StudioDatabase = PgliteDatabase;

/** Reads and writes of tables, inside or outside a transaction. */
export type Database = Pick<
  StudioDatabase,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | 'execute' | '$count'
>;

/** Runs one statement with values ($1, $2), or several statements without values. */
export type SqlExecutor = (
  text: string,
  values?: readonly unknown[],
) => Promise<{ readonly rows: readonly Record<string, unknown>[] }>;

/** An open database. */
export interface OpenDatabase {
  readonly kind: 'pglite' | 'postgres';
  /** The database's name in messages. */
  readonly place: string;
  readonly db: StudioDatabase;
  /** Names of the Postgres schemas for the studio's tables, for the migrations of the tables, and for the job queue. */
  readonly schemas: { readonly tables: string; readonly migrations: string; readonly jobs: string };
  /** Runs SQL for libraries that write their own SQL. */
  readonly execute: SqlExecutor;
  /** Runs SQL within one transaction. */
  transact<T>(work: (execute: SqlExecutor) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** URL of a PostgreSQL database, or '' for PGlite; the environment's DATABASE_URL by default. */
  readonly url?: string | undefined;
}

/** Folder of a project's tables. */
export function databaseFolder(project: Project): string {
  return join(project.paths.state, 'studio');
}

/** Opens or creates the project's database in `folder`. */
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
 * Runs the first read after opening. Damage that opening did not detect makes this read fail, and the error says that
 * the tables are damaged.
 */
export async function firstRead<T>({ place }: OpenDatabase, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    throw unreadable(place, error);
  });
}

function unreadable(place: string, error: unknown): HeedError {
  if (error instanceof HeedError) return error;
  const { message, cause } = error as Error;
  // Drizzle's message is the statement; its cause has the reason.
  const reason = cause instanceof Error ? cause.message : message;
  return new HeedError(
    `${place}: expected the studio's tables, they do not open (${reason}); \`heed doctor --rebuild\` makes them anew from feedback.jsonl`,
    { cause: error },
  );
}

/** Removes the project's tables; the next opening rebuilds them from the project's files. */
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
  // The error does not quote the value, which can contain a password.
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
