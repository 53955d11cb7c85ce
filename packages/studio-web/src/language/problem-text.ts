/** Describes a problem in the language of the page. */
import { ApiError } from '../api/client.ts';
import type { Texts } from './language.ts';

/**
 * The text of a problem without a full stop: the table's text for the error's code, or else the English sentence of the
 * server's response.
 */
export function problemText(problem: unknown, { problems }: Texts): string {
  if (!(problem instanceof ApiError)) return problem instanceof Error ? problem.message : String(problem);
  const { code } = problem;
  return code !== undefined && Object.hasOwn(problems, code)
    ? problems[code as keyof typeof problems]
    : problem.message;
}
