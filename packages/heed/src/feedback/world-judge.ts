/** Finds the judge, a program that replaces human raters in simulations, of a project's world. */
import { badInput } from '../errors.ts';
import { worldOf } from '../parts.ts';
import type { WorldJudge } from '../ports.ts';
import type { Project } from '../project/project.ts';

/**
 * Returns the world's judge. Throws when the project's world has no judge, as in every project with a user's own model.
 */
export async function judgeOf(project: Project): Promise<WorldJudge> {
  const { name, judge } = await worldOf(project.config);
  if (judge !== undefined) return judge;
  throw badInput(
    `expected a world with simulated raters, the project has the world '${name}'; people judge with \`heed studio\` or \`heed label --sheet\``,
  );
}
