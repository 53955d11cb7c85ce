/** The judge of a project's world, for commands that let a program stand in for people. */
import { badInput } from '../errors.ts';
import { worldOf } from '../parts.ts';
import type { WorldJudge } from '../ports.ts';
import type { Project } from '../project/project.ts';

/** Throws where the project's world has no judge, as with every model of a user's own. */
export async function judgeOf(project: Project): Promise<WorldJudge> {
  const { name, judge } = await worldOf(project.config);
  if (judge !== undefined) return judge;
  throw badInput(
    `expected a world with simulated raters, the project has the world '${name}'; people judge with \`heed studio\` or \`heed label --sheet\``,
  );
}
