/**
 * Exchanges the token behind the '#' of the owner's link for a session; says what to do to those who come without one.
 */
import { useEffect, useState } from 'react';
import { api, read } from '../api/client.ts';
import { persist, willAskAgain } from '../api/persist.ts';
import { useTexts } from '../language/language.ts';
import { problemText } from '../language/problem-text.ts';
import { AskingProblem } from '../parts/asking-problem.tsx';
import { keepSessionKey } from './session-key.ts';

export function LoginPage({ onIn }: { onIn: (path: string) => void }) {
  const texts = useTexts();
  const [problem, setProblem] = useState<unknown>();
  const [token, setToken] = useState(takeToken);
  useEffect(() => {
    // A new link opened in this tab changes no more of the address than what stands behind the '#'.
    const take = () => {
      const next = takeToken();
      if (next === '') return;
      setProblem(undefined);
      setToken(next);
    };
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, []);
  useEffect(() => {
    if (token === '') return;
    return persist(() => read(api.session.login.$post({ json: { token } })), {
      onDone: ({ key }) => {
        keepSessionKey(key);
        onIn('/');
      },
      onProblem: setProblem,
    });
  }, [token, onIn]);
  if (token !== '' && problem === undefined) return null;
  return (
    <main className="notice">
      <h1>heed studio</h1>
      {problem === undefined ? (
        <>
          <p>{texts.join.noLink}</p>
          <p lang="en">
            If this is your project: open the link that <code>heed studio</code> printed in the terminal; Enter there
            prints another.
          </p>
        </>
      ) : willAskAgain(problem) ? (
        <AskingProblem problem={problem} />
      ) : (
        <p role="alert" lang="en">
          That did not work: {problemText(problem, texts)}. Press Enter in the terminal of <code>heed studio</code> for
          a new link, or ask the owner who sent you this one.
        </p>
      )}
    </main>
  );
}

/** What stands behind the '#'; taken out of the address bar and the history at once. */
function takeToken(): string {
  const token = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  return token;
}
