// Row 7 of the fault table. PGlite never flushes, so a power cut leaves its files in any mixture of then and now, and
// some cut short. Judgements do not hang on it: either the tables open and know every one, or they are refused in a
// sentence and made again from feedback.jsonl.
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { eq, sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { rebuildStudio } from '../packages/heed/src/studio/storage/rebuild.ts';
import { answers, queries } from '../packages/heed/src/studio/storage/schema.ts';
import { openStudio, type Studio } from '../packages/heed/src/studio/studio.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';

const CUTS = 3 * Number(process.env.HEED_FAULT_TENTHS ?? 1);
const ANSWERS = 40;
/** Shares of the files that are as they were earlier, and that are cut short. */
const OLD = 0.4;
const SHORT = 0.03;
const PAGE_BYTES = 8192;

async function answer({ database, desk }: Studio, count: number): Promise<void> {
  const open = await database.db.select({ id: queries.id }).from(queries).where(eq(queries.answers, 0)).limit(count);
  await Promise.all(
    open.map(({ id: query }) =>
      desk.answer({ id: randomUUID(), rater: 'owner', query, labels: ['good', 'bad', 'good'] }),
    ),
  );
}

async function countsOf({ database: { db } }: Studio): Promise<unknown> {
  const { rows } = await db.execute(sql`select sum(answers)::int as answered from queries`);
  return { ...rows[0], kept: await db.$count(answers) };
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

it(`knows every judgement after ${CUTS} power cuts`, { timeout: 60_000 * (CUTS + 5) }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heed-power-'));
  const project = await makeDrawnProject(join(folder, 'p'), {
    prompts: ANSWERS + 2,
    overrides: ['label.ratersPerQuery=1'],
  });
  const tables = join(project.paths.state, 'studio/pglite');
  const [earlier, now] = [join(folder, 'earlier'), join(folder, 'now')];
  const studio = await openStudio(project);
  await answer(studio, ANSWERS / 2);
  cpSync(tables, earlier, { recursive: true });
  await answer(studio, ANSWERS / 2);
  cpSync(tables, now, { recursive: true });
  await studio.close();

  const everything = { answered: ANSWERS, kept: ANSWERS };
  const random = createRandom(7);
  let opened = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    rmSync(tables, { recursive: true });
    cpSync(now, tables, { recursive: true });
    for (const file of filesIn(now)) {
      const path = join(tables, file);
      const chance = random.uniform();
      if (chance < OLD) {
        rmSync(path);
        if (existsSync(join(earlier, file))) cpSync(join(earlier, file), path);
      } else if (cut % 2 === 1 && chance < OLD + SHORT) {
        truncateSync(path, PAGE_BYTES * random.integer(1 + Math.floor(statSync(path).size / PAGE_BYTES)));
      }
    }
    const again = await openStudio(project).catch((error: Error) => error);
    if (again instanceof Error) {
      expect(again.message).toMatch(
        /expected the studio's tables, they do not open .*`heed doctor --rebuild` makes them anew from feedback.jsonl$/,
      );
      expect(await rebuildStudio(project)).toEqual({ answers: ANSWERS, queries: ANSWERS + 2 });
      continue;
    }
    opened += 1;
    expect(await countsOf(again)).toEqual(everything);
    await again.close();
  }
  console.log(
    `${CUTS} power cuts: ${opened} times the tables opened and knew all, ${CUTS - opened} times they were refused`,
  );
  await rm(folder, { recursive: true });
});
