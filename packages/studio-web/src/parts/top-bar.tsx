/** The bar on top: the project and the pages; a rater has a choice only while there is something to compare. */
import { useCallback } from 'react';
import { api, read } from '../api/client.ts';
import { useSession } from '../session/session.ts';
import { followLink } from './router.ts';
import { useData } from './use-data.ts';

const OWNER_PAGES = [
  ['/', 'Overview'],
  ['/label', 'Label'],
  ['/compare', 'Compare'],
  ['/images', 'Images'],
  ['/raters', 'Raters'],
  ['/rewards', 'Rewards'],
  ['/training', 'Training'],
  ['/results', 'Results'],
  ['/data', 'Data'],
] as const;

const RATER_PAGES = [
  ['/label', 'Label'],
  ['/compare', 'Compare'],
] as const;

export function TopBar({ path }: { path: string }) {
  const { role, project } = useSession();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whether there is something to compare may change meanwhile
  const loadStanding = useCallback(
    async () => (role === 'rater' ? read(api.comparing.standing.$get()) : undefined),
    [role, path],
  );
  const { data: standing } = useData(loadStanding);
  const hasComparisons = standing !== undefined && standing.open + standing.answered > 0;
  const pages = role === 'owner' ? OWNER_PAGES : hasComparisons ? RATER_PAGES : [];
  return (
    <header className="top-bar">
      <a className="brand" href="/" onClick={followLink}>
        heed
      </a>
      <span className="project" dir="auto">
        {project}
      </span>
      {pages.length > 0 && (
        <nav aria-label="Pages">
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
