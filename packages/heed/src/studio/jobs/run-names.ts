/**
 * Names of runs that are started from the pages: which commands take a name, which name the page suggests, and which
 * names are refused. The module reads the project's folders and creates no folders.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { checkModelName } from '../../tune/run.ts';
import type { JobKind } from './job.ts';

const TUNED = 'tuned';

/** The commands whose runs the user names. All other commands number their runs. */
const NAMED = {
  tune: { check: checkModelName, offer: offerTuneName },
} as const satisfies Partial<
  Record<JobKind, { check: (project: Project, name: string) => void; offer: (project: Project) => Promise<string> }>
>;

function namedOf(kind: JobKind) {
  return kind in NAMED ? NAMED[kind as keyof typeof NAMED] : undefined;
}

/** The names that the forms of the page suggest: one for each command that takes a name. */
export async function offeredNames(project: Project): Promise<Partial<Record<JobKind, string>>> {
  const names = Object.entries(NAMED).map(async ([kind, { offer }]) => [kind, await offer(project)] as const);
  return Object.fromEntries(await Promise.all(names));
}

/**
 * The name of a command's run: `given`, or the suggested name if `given` is missing. Undefined for commands that number
 * their runs. Throws when the name is refused.
 */
export async function nameOfRun(project: Project, kind: JobKind, given?: string): Promise<string | undefined> {
  const named = namedOf(kind);
  if (given === undefined) return named?.offer(project);
  if (named === undefined) throw badInput(`\`heed ${kind}\` numbers its runs itself, got the name '${given}'`);
  named.check(project, given);
  return given;
}

/**
 * The first free name of 'tuned', 'tuned-2' and so on. The name of a stopped run is not free, since only `--continue`
 * continues that run.
 */
async function offerTuneName(project: Project): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? TUNED : `${TUNED}-${number}`;
    if (!existsSync(join(project.paths.runs, name)) && !existsSync(join(project.paths.models, name))) return name;
  }
}
