/** The pages by their addresses, for those who may see them. */
import { type ComponentType, useCallback, useEffect, useState } from 'react';
import { api, read } from './api/client.ts';
import { ComparingPage } from './comparing/comparing-page.tsx';
import { DataPage } from './data/data-page.tsx';
import { ImagesPage } from './images/images-page.tsx';
import { LabellingPage } from './labelling/labelling-page.tsx';
import { OverviewPage } from './overview/overview-page.tsx';
import { useAddress } from './parts/router.ts';
import { TopBar } from './parts/top-bar.tsx';
import { RatersPage } from './raters/raters-page.tsx';
import { ResultsPage } from './results/results-page.tsx';
import { RewardsPage } from './rewards/rewards-page.tsx';
import { JoinPage } from './session/join-page.tsx';
import { LoginPage } from './session/login-page.tsx';
import { type Session, SessionContext } from './session/session.ts';
import { TrainingPage } from './training/training-page.tsx';

const PAGES: Readonly<Record<string, ComponentType>> = {
  '/label': LabellingPage,
  '/compare': ComparingPage,
  '/images': ImagesPage,
  '/results': ResultsPage,
  '/rewards': RewardsPage,
  '/training': TrainingPage,
  '/raters': RatersPage,
  '/data': DataPage,
};

/** A rater sees labelling, whatever other address they try. */
const RATER_PAGES: Readonly<Record<string, ComponentType>> = { '/compare': ComparingPage };

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
  if (path === '/join') return <JoinPage onLogin={refresh} />;
  if (path === '/login' || session.role === 'anonymous') return <LoginPage onLogin={refresh} />;
  const Shown = session.role === 'owner' ? (PAGES[path] ?? OverviewPage) : (RATER_PAGES[path] ?? LabellingPage);
  return (
    <SessionContext value={session}>
      <TopBar path={path} />
      <Shown />
    </SessionContext>
  );
}
