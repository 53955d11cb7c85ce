/** The title of the browser's tab: what is shown, and of which project. */
import { useEffect } from 'react';

/** `page` undefined leaves the studio's name alone. */
export function useTitle(page: string | undefined, project?: string): void {
  useEffect(() => {
    document.title = [page, project, 'heed studio'].filter((part) => part !== undefined && part !== '').join(' · ');
  }, [page, project]);
}
