/**
 * PGlite: Postgres inside this process, with its files in a folder. Only one process at a time may open the folder; the
 * caller holds the lock. PGlite never flushes to disk, so an answer that only PGlite has stored must not be
 * acknowledged.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import type { OpenDatabase, SqlExecutor } from './database.ts';
import { keepVacuumed } from './vacuum.ts';

const TABLES_SCHEMA = 'public';
const MIGRATIONS_SCHEMA = 'drizzle';

/**
 * Opens or creates the database files. If a first start was killed half-way, the incomplete files are moved aside and
 * the database is created again.
 */
export async function openPglite(dataFolder: string): Promise<OpenDatabase> {
  if (existsSync(dataFolder) && !isWhole(dataFolder)) await rename(dataFolder, `${dataFolder}.torn-${Date.now()}`);
  const client = await PGlite.create(dataFolder);
  const db = drizzle(client);
  const endVacuum = keepVacuumed(executorOf(client));
  return {
    kind: 'pglite',
    db,
    place: dataFolder,
    schemas: { tables: TABLES_SCHEMA, migrations: MIGRATIONS_SCHEMA, jobs: 'jobs' },
    execute: executorOf(client),
    transact: (work) => client.transaction((transaction) => work(executorOf(transaction))),
    async close() {
      await endVacuum();
      await client.close();
    },
  };
}

/** Removes the files. */
export async function removePglite(dataFolder: string): Promise<void> {
  await rm(dataFolder, { recursive: true, force: true });
}

function executorOf(client: PGlite | Transaction): SqlExecutor {
  return async (text, values) => {
    if (values !== undefined) return client.query(text, [...values]);
    // Runs several statements and returns the rows of the last one.
    return (await client.exec(text)).at(-1) ?? { rows: [] };
  };
}

/** Whether initdb finished, judged by the files that a complete database has. */
function isWhole(dataFolder: string): boolean {
  return ['PG_VERSION', 'global/pg_control', 'postgresql.conf'].every((name) => existsSync(join(dataFolder, name)));
}
