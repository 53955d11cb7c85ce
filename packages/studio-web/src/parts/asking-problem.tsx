/** Why what the page asks for is not there, and whether the page asks again by itself. */
import { willAskAgain } from '../api/persist.ts';
import { useTexts } from '../language/language.ts';
import { problemText } from '../language/problem-text.ts';

export function AskingProblem({ problem }: { problem: unknown }) {
  const texts = useTexts();
  const { failed, notYet } = texts.common;
  return (
    <p className="status-problem" role="alert">
      {(willAskAgain(problem) ? notYet : failed)(problemText(problem, texts))}
    </p>
  );
}
