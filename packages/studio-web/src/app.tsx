/** The pages by their addresses, for those who may see them. */
import { type ComponentType, useCallback, useEffect, useRef, useState } from 'react';
import { persist } from './api/persist.ts';
import { ComparingPage } from './comparing/comparing-page.tsx';
import { DataPage } from './data/data-page.tsx';
import { GuidelinesPage } from './guidelines/guidelines-page.tsx';
import { ImagePage } from './image/image-page.tsx';
import { ImagesPage } from './images/images-page.tsx';
import { LabellingPage } from './labelling/labelling-page.tsx';
import { type Texts, useTexts } from './language/language.ts';
import { OverviewPage } from './overview/overview-page.tsx';
import { OwnersPage } from './owners/owners-page.tsx';
import { AskingProblem } from './parts/asking-problem.tsx';
import { go, useAddress } from './parts/router.ts';
import { OWNER_PAGES, TopBar } from './parts/top-bar.tsx';
import { useTitle } from './parts/use-title.ts';
import { RaterPage } from './rater/rater-page.tsx';
import { RatersPage } from './raters/raters-page.tsx';
import { ResultsPage } from './results/results-page.tsx';
import { RewardsPage } from './rewards/rewards-page.tsx';
import { RoundsPage } from './rounds/rounds-page.tsx';
import { RunsPage } from './runs/runs-page.tsx';
import { type FoundSession, findSession } from './session/find-session.ts';
import { JoinPage } from './session/join-page.tsx';
import { LoginPage } from './session/login-page.tsx';
import { type Purpose, SessionContext } from './session/session.ts';
import { SessionOver } from './session/session-over.tsx';
import { TrainingPage } from './training/training-page.tsx';
import { TryPage } from './try/try-page.tsx';

const PAGES: Readonly<Record<string, ComponentType>> = {
  '/label': LabellingPage,
  '/compare': ComparingPage,
  '/images': ImagesPage,
  '/image': ImagePage,
  '/rater': RaterPage,
  '/results': ResultsPage,
  '/guidelines': GuidelinesPage,
  '/rewards': RewardsPage,
  '/rounds': RoundsPage,
  '/training': TrainingPage,
  '/runs': RunsPage,
  '/try': TryPage,
  '/owners': OwnersPage,
  '/raters': RatersPage,
  '/data': DataPage,
};

/** A rater sees what they were invited for, whatever other address they try. */
const RATER_PAGES: Readonly<Record<Purpose, (path: string) => ComponentType>> = {
  labelling: () => LabellingPage,
  comparison: () => ComparingPage,
  both: (path) => (path === '/compare' ? ComparingPage : LabellingPage),
};

export function App() {
  const [found, setFound] = useState<FoundSession>();
  const [problem, setProblem] = useState<unknown>();
  const { path } = useAddress();
  const texts = useTexts();
  useTitle(titleOf(path, found?.session, texts), found?.session?.project);
  const endLooking = useRef(() => {});
  const look = useCallback(() => {
    endLooking.current();
    endLooking.current = persist(findSession, {
      onDone: (session) => {
        setProblem(undefined);
        setFound(session);
      },
      onProblem: setProblem,
    });
  }, []);
  useEffect(() => {
    look();
    return () => endLooking.current();
  }, [look]);
  // Without loading the page again: a studio that starts again meanwhile would leave the browser's own error page.
  const enter = useCallback(
    (to: string) => {
      go(to, { replace: true });
      setFound(undefined);
      look();
    },
    [look],
  );

  // They ask the studio themselves; a problem of who this tab is must not take a half-written name off the page.
  if (path === '/join') return <JoinPage onIn={enter} />;
  if (path === '/login') return <LoginPage onIn={enter} />;
  if (problem !== undefined) {
    return (
      <main className="notice">
        <h1>heed studio</h1>
        <AskingProblem problem={problem} />
      </main>
    );
  }
  if (found === undefined) return null;
  const { session, why } = found;
  if (session === undefined)
    return why === undefined ? <LoginPage onIn={enter} /> : <SessionOver why={why} unsent={0} />;
  const Shown = session.role === 'owner' ? (PAGES[path] ?? OverviewPage) : RATER_PAGES[session.purpose](path);
  return (
    <SessionContext value={session}>
      <TopBar path={path} />
      <Shown />
    </SessionContext>
  );
}

/** Of pages that no menu leads to. */
const DETAIL_TITLES: Readonly<Record<string, string>> = { '/image': 'Image', '/rater': 'Rater' };

/** One title a page; raters' in their language. */
function titleOf(path: string, session: FoundSession['session'], { common, join }: Texts): string | undefined {
  if (path === '/join') return join.title;
  if (path === '/login') return 'Log in';
  if (session === undefined) return undefined;
  if (session.role === 'owner')
    return DETAIL_TITLES[path] ?? OWNER_PAGES.find(([address]) => address === path)?.[1] ?? 'Overview';
  return RATER_PAGES[session.purpose](path) === ComparingPage ? common.compare : common.label;
}
