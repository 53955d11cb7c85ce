/** The pages by their addresses, for those who may see them. */
import { useCallback, useEffect, useState } from 'react';
import { api, read } from './api/client.ts';
import { LabellingPage } from './labelling/labelling-page.tsx';
import { useAddress } from './parts/router.ts';
import { TopBar } from './parts/top-bar.tsx';
import { LoginPage } from './session/login-page.tsx';
import { type Session, SessionContext } from './session/session.ts';

export function App() {
  const [session, setSession] = useState<Session>();
  const [problem, setProblem] = useState<string>();
  const { path } = useAddress();
  const refresh = useCallback(async () => {
    const { role, project } = await read(api.session.$get());
    setSession({ role, project });
  }, []);
  useEffect(() => {
    refresh().catch((error: Error) => setProblem(error.message));
  }, [refresh]);

  if (problem !== undefined) {
    return (
      <main className="notice">
        <h1>heed studio</h1>
        <p role="alert">That did not work: {problem}.</p>
      </main>
    );
  }
  if (session === undefined) return null;
  if (path === '/login' || session.role === 'anonymous') return <LoginPage onLogin={refresh} />;
  return (
    <SessionContext value={session}>
      <TopBar path={path} />
      <LabellingPage />
    </SessionContext>
  );
}
