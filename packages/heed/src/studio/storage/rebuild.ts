/**
 * Makes the studio's tables again from feedback.jsonl and the images. After a rebuild there are no sessions, invites
 * and leases.
 */
import { takeLock } from '../../project/lock.ts';
import type { Project } from '../../project/project.ts';
import { openStudio } from '../studio.ts';
import { databaseFolder, removeDatabase } from './database.ts';
import { answers, queries } from './schema.ts';

/** Rebuilds the tables and returns the numbers of answers and queries in them. Throws while a studio is open. */
export async function rebuildStudio(project: Project): Promise<{ answers: number; queries: number }> {
  const lock = await takeLock(project.paths.state, 'studio', { command: 'doctor --rebuild' });
  try {
    await removeDatabase(databaseFolder(project));
  } finally {
    await lock.release();
  }
  const { database, close } = await openStudio(project);
  try {
    return { answers: await database.db.$count(answers), queries: await database.db.$count(queries) };
  } finally {
    await close();
  }
}
