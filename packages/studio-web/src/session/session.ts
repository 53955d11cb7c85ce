/** The session of the logged-in person, as a React context for all components. */
import { createContext, useContext } from 'react';
import type { Keeper } from '../parts/kept-entries.ts';

export type Purpose = 'labelling' | 'comparison' | 'both';

export interface Session {
  role: 'anonymous' | 'rater' | 'owner';
  project: string;
  /** Id of the study, which distinguishes projects that were served under the same address. */
  study: string;
  /** Key that names the session in requests. */
  key: string;
  /** The kind of work that the rater was invited to do. */
  purpose: Purpose;
  /** Whether this is a trial session, in which the owner sees the raters' pages and answers are not used. */
  isTrial: boolean;
  /** The name that the rater entered. */
  name?: string | undefined;
  /** Link with which the rater can continue on another device. */
  returnLink?: string | undefined;
}

export const SessionContext = createContext<Session>({
  role: 'anonymous',
  project: '',
  study: '',
  key: '',
  purpose: 'both',
  isTrial: false,
});

export function useSession(): Session {
  return useContext(SessionContext);
}

/** The study, rater and kind of work to which this session's unsent entries belong. */
export function keeperOf({ study, key }: Session, kind: 'labelling' | 'comparing'): Keeper {
  return { study, rater: key, kind };
}
