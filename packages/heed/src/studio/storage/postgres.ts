/**
 * The studio's database on a PostgreSQL server, used when DATABASE_URL is set. Each project has separate database
 * schemas, named after its secret, so that projects can share a database. Lost connections are replaced by the pool at
 * the next query.
 */
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { HeedError } from '../../errors.ts';
import type { Secret } from '../auth/secret.ts';
import type { OpenDatabase, SqlExecutor, StudioDatabase } from './database.ts';

const CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5000;
/** Timeout of a statement; the studio's statements take milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** Connects, and creates the project's schema if it is missing. */
export async function openPostgres(url: string, secret: Secret): Promise<OpenDatabase> {
  const tables = schemaOf(secret);
  const pool = connect(url, tables);
  try {
    await pool.query(`create schema if not exists ${tables}`);
  } catch (error) {
    await pool.end();
    throw new HeedError(`DATABASE_URL: expected a PostgreSQL that answers, got: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return {
    kind: 'postgres',
    // The drivers' results differ in other fields, but only rows are read.
    db: drizzle(pool) as unknown as StudioDatabase,
    place: `schema ${tables} of DATABASE_URL`,
    schemas: { tables, migrations: tables, jobs: `${tables}_jobs` },
    execute: executorOf(pool),
    async transact(work) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const result = await work(executorOf(client));
        await client.query('commit');
        client.release();
        return result;
      } catch (error) {
        // If the rollback fails, the connection must not return to the pool.
        const broken = await client.query('rollback').then(
          () => undefined,
          (cause: Error) => cause,
        );
        client.release(broken);
        throw error;
      }
    },
    close: () => pool.end(),
  };
}

/** Removes the project's tables; the project's jobs stay. */
export async function removePostgres(url: string, secret: Secret): Promise<void> {
  const pool = connect(url, 'public');
  try {
    await pool.query(`drop schema if exists ${schemaOf(secret)} cascade`);
  } finally {
    await pool.end();
  }
}

function connect(url: string, schema: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'heed studio',
    options: `-c search_path=${schema}`,
  });
  // The server can end idle or busy connections. Without this listener the process would end. A caller that waits on
  // such a connection gets the error from its own promise.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** A schema name for the project that does not reveal its secret. */
function schemaOf(secret: Secret): string {
  return `heed_${Buffer.from(secret.tag('database schema', ''), 'base64url').toString('hex').slice(0, 16)}`;
}

function executorOf(client: pg.Pool | pg.PoolClient): SqlExecutor {
  return async (text, values) => {
    if (values !== undefined) return client.query(text, [...values]);
    const result = (await client.query(text)) as pg.QueryResult | pg.QueryResult[];
    return (Array.isArray(result) ? result.at(-1) : result) ?? { rows: [] };
  };
}
