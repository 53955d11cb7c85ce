/** Exchanges the token behind the '#' of a link for a session. */
import { useEffect, useState } from 'react';
import { ApiError, api, read } from '../api/client.ts';
import { go } from '../parts/router.ts';

export function LoginPage({ onLogin }: { onLogin: () => Promise<void> }) {
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const token = location.hash.slice(1);
    // Out of the address bar and the history at once.
    history.replaceState(null, '', location.pathname);
    if (token === '') return;
    const login = async () => {
      await read(api.session.login.$post({ json: { token } }));
      await onLogin();
      go('/', { replace: true });
    };
    login().catch((error: unknown) => setProblem(error instanceof ApiError ? error.message : String(error)));
  }, [onLogin]);
  return (
    <main className="notice">
      <h1>heed studio</h1>
      {problem === undefined ? (
        <p>
          Open the link that <code>heed studio</code> printed in the terminal; Enter there prints another.
        </p>
      ) : (
        <p role="alert">
          That did not work: {problem}. Press Enter in the terminal of <code>heed studio</code> for a new link.
        </p>
      )}
    </main>
  );
}
