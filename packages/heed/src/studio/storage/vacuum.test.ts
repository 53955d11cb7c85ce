import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SqlExecutor } from './database.ts';
import { keepVacuumed, vacuumChanged } from './vacuum.ts';

let client: PGlite;
const execute: SqlExecutor = async (text, values) =>
  values === undefined ? (await client.exec(text)).at(-1)! : client.query(text, [...values]);
beforeAll(async () => {
  client = await PGlite.create();
  await execute('create table held (query text primary key, until timestamptz)');
});
afterAll(() => client?.close());

const comeAndGo = async () => {
  await execute(`insert into held select 'q' || i, now() from generate_series(1, 2000) i`, []);
  await execute('delete from held', []);
  // Statistics follow within a second.
  await sleep(1100);
  await execute('select 1', []);
};
const pages = async () => {
  const { rows } = await execute(`select pg_total_relation_size('held') / 8192 as pages`, []);
  return Number(rows[0]!.pages);
};

it('keeps tables whose rows come and go from growing', async () => {
  const sizes: number[] = [];
  for (let round = 0; round < 4; round++) {
    await comeAndGo();
    expect(await vacuumChanged(execute)).toEqual(['public.held']);
    expect(await vacuumChanged(execute)).toEqual([]);
    sizes.push(await pages());
  }
  // Pages of an index are used again one vacuum later.
  expect(sizes[3]).toBe(sizes[2]);
});

it('looks by itself until it is ended', async () => {
  const end = keepVacuumed(execute, { everyMs: 100 });
  await comeAndGo();
  await sleep(500);
  await end();
  expect(await vacuumChanged(execute)).toEqual([]);
  await comeAndGo();
  await sleep(500);
  expect(await vacuumChanged(execute)).toEqual(['public.held']);
});
