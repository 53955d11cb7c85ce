/** The bar on top: the project and, for its owner, the pages. */
import { useSession } from '../session/session.ts';
import { followLink } from './router.ts';

const OWNER_PAGES = [
  ['/', 'Overview'],
  ['/label', 'Label'],
  ['/images', 'Images'],
  ['/raters', 'Raters'],
  ['/results', 'Results'],
] as const;

export function TopBar({ path }: { path: string }) {
  const { role, project } = useSession();
  return (
    <header className="top-bar">
      <a className="brand" href="/" onClick={followLink}>
        heed
      </a>
      <span className="project" dir="auto">
        {project}
      </span>
      {role === 'owner' && (
        <nav aria-label="Pages">
          {OWNER_PAGES.map(([address, name]) => (
            <a key={address} href={address} onClick={followLink} aria-current={path === address ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
      )}
    </header>
  );
}
