/** The bar on top: the project and the pages; a rater has a choice only where there are images and comparisons. */
import { useCallback } from 'react';
import { api, read } from '../api/client.ts';
import { type Texts, useTexts } from '../language/language.ts';
import { type Session, useSession } from '../session/session.ts';
import { TrialMark } from '../session/trial-mark.tsx';
import { followLink } from './router.ts';
import { useData } from './use-data.ts';

/** Addresses of the owner's pages and what they are called. */
export const OWNER_PAGES = [
  ['/', 'Overview'],
  ['/label', 'Label'],
  ['/compare', 'Compare'],
  ['/images', 'Images'],
  ['/raters', 'Raters'],
  ['/guidelines', 'Guidelines'],
  ['/rewards', 'Rewards'],
  ['/rounds', 'Rounds'],
  ['/training', 'Training'],
  ['/runs', 'Runs'],
  ['/try', 'Try'],
  ['/results', 'Results'],
  ['/data', 'Data'],
  ['/owners', 'Owners'],
] as const;

export function TopBar({ path }: { path: string }) {
  const texts = useTexts();
  const session = useSession();
  const pages = usePages(session, path, texts);
  const isOwner = session.role === 'owner';
  return (
    <header className="top-bar" lang={isOwner ? 'en' : undefined}>
      <a className="brand" href={isOwner ? '/' : '/label'} onClick={followLink}>
        heed
      </a>
      <bdi className="project">{session.project}</bdi>
      {session.isTrial && <TrialMark />}
      {pages.length > 0 && (
        <nav aria-label={isOwner ? 'Pages' : texts.common.pages}>
          {pages.map(([address, name]) => (
            <a key={address} href={address} onClick={followLink} aria-current={path === address ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
      )}
    </header>
  );
}

function usePages({ role, purpose }: Session, path: string, { common }: Texts): readonly (readonly [string, string])[] {
  const isForBoth = role === 'rater' && purpose === 'both';
  // biome-ignore lint/correctness/useExhaustiveDependencies: whether there is something to compare may change meanwhile
  const loadStanding = useCallback(
    async () => (isForBoth ? read(api.comparing.standing.$get()) : undefined),
    [isForBoth, path],
  );
  const { data: standing } = useData(loadStanding);
  if (role === 'owner') return OWNER_PAGES;
  const hasComparisons = standing !== undefined && standing.open + standing.answered > 0;
  if (!hasComparisons) return [];
  return [
    ['/label', common.label],
    ['/compare', common.compare],
  ];
}
