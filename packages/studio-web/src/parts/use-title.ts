/** Sets the title of the browser tab: page and project. */
import { useEffect } from 'react';

/** Without `page`, the title is the studio's name. */
export function useTitle(page: string | undefined, project?: string): void {
  useEffect(() => {
    document.title = [page, project, 'heed studio'].filter((part) => part !== undefined && part !== '').join(' · ');
  }, [page, project]);
}
