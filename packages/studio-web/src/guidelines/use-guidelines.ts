/** The project's guidelines, and whether this rater has read the current version. */
import type { ShownBlock } from '@heed/studio-api';
import { useEffect, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { persist } from '../api/persist.ts';
import { type Session, useSession } from '../session/session.ts';
import { type LoadedGuidelines, loadGuidelines } from './guidelines-api.ts';

export interface GuidelinesState {
  /**
   * 'none' means that the project has no guidelines, or that the studio refuses the request; the rater then works
   * without guidelines.
   */
  readonly phase: 'loading' | 'unseen' | 'seen' | 'none';
  readonly blocks: readonly ShownBlock[];
  /** The reason why the guidelines have not been loaded yet. */
  readonly problem?: unknown;
  /** Records that the rater has read the guidelines. */
  readonly accept: () => void;
}

export function useGuidelines(): GuidelinesState {
  const session = useSession();
  const [loaded, setLoaded] = useState<LoadedGuidelines>();
  const [isSeen, setSeen] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    return persist(loadGuidelines, {
      onDone: (found) => {
        setSeen(wasSeen(session, found.version));
        setLoaded(found);
      },
      // While the studio starts again, no rater works without having seen them.
      onProblem: (reason) => {
        setProblem(reason);
        if (!(reason instanceof ApiError && reason.status === 0)) setLoaded({ blocks: [], version: '' });
      },
    });
  }, [session]);
  const accept = () => {
    if (loaded) noteSeen(session, loaded.version);
    setSeen(true);
  };
  if (!loaded) return { phase: 'loading', blocks: [], problem, accept };
  const { blocks } = loaded;
  return { phase: blocks.length === 0 ? 'none' : isSeen ? 'seen' : 'unseen', blocks, accept };
}

/**
 * The storage key. The key contains the rater's session key, because another rater of this browser has not read the
 * guidelines yet.
 */
function keyOf({ study, key }: Session): string {
  return `heed-guidelines/${study}/${key}`;
}

function wasSeen(session: Session, version: string): boolean {
  // The owner wrote them.
  if (session.role === 'owner') return true;
  try {
    return localStorage.getItem(keyOf(session)) === version;
  } catch {
    return false;
  }
}

function noteSeen(session: Session, version: string): void {
  try {
    localStorage.setItem(keyOf(session), version);
  } catch {
    // Without storage they are shown again after the page is loaded again.
  }
}
