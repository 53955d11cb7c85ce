/**
 * Exchanges the token behind the '#' of the owner's link for a session; says what to do to those who come without one.
 */
import { useEffect, useState } from 'react';
import { api, read } from '../api/client.ts';
import { useTexts } from '../language/language.ts';
import { problemText } from '../language/problem-text.ts';
import { keepSessionKey } from './session-key.ts';

export function LoginPage({ onIn }: { onIn: (path: string) => void }) {
  const texts = useTexts();
  const [problem, setProblem] = useState<unknown>();
  const [hasToken] = useState(() => location.hash.length > 1);
  useEffect(() => {
    const token = location.hash.slice(1);
    // Out of the address bar and the history at once.
    history.replaceState(null, '', location.pathname);
    if (token === '') return;
    const login = async () => {
      const { key } = await read(api.session.login.$post({ json: { token } }));
      keepSessionKey(key);
      onIn('/');
    };
    login().catch(setProblem);
  }, [onIn]);
  if (hasToken && problem === undefined) return null;
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
      ) : (
        <p role="alert" lang="en">
          That did not work: {problemText(problem, texts)}. Press Enter in the terminal of <code>heed studio</code> for
          a new link.
        </p>
      )}
    </main>
  );
}
