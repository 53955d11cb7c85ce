/** Counts in the comments of a program what `check-prose.ts` counts in documentation. */
import { checkProse, checkSubjects, MAX_LINE, type ProseProblem } from './check-prose.ts';
import { commentsOf } from './comments.ts';

/** With `namesSubjects`, sentences of docstrings that begin with a pronoun in place of their subject count as well. */
export function checkComments(
  source: string,
  path: string,
  { namesSubjects = false }: { namesSubjects?: boolean } = {},
): ProseProblem[] {
  const lines = source.split('\n');
  return commentsOf(source, path).flatMap(({ line, text, isDocstring }) => {
    // The line counts as it stands in the file, with indentation and code before the comment.
    const long = text.split('\n').flatMap((_, i) => longLine(lines[line - 1 + i]!, line + i));
    const prose = checkProse(text).filter(({ problem }) => !problem.startsWith('expected at most'));
    const subjects = namesSubjects && isDocstring ? checkSubjects(text) : [];
    return [...long, ...[...prose, ...subjects].map((found) => ({ ...found, line: found.line + line - 1 }))];
  });
}

function longLine(text: string, line: number): ProseProblem[] {
  const isLong = text.length > MAX_LINE && !/\S{80,}/.test(text);
  return isLong ? [{ line, problem: `expected at most ${MAX_LINE} characters, got ${text.length}` }] : [];
}
