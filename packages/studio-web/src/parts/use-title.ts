/** Sets the title of the browser tab, which consists of the page and the project. */
import { useEffect } from 'react';

/** Without `page`, the title is the studio's name. */
export function useTitle(page: string | undefined, project?: string): void {
  useEffect(() => {
    document.title = [page, project, 'heed studio'].filter((part) => part !== undefined && part !== '').join(' · ');
  }, [page, project]);
}
