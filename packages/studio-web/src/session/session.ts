/** Who is logged in, for every component. */
import { createContext, useContext } from 'react';
import type { Keeper } from '../parts/kept-entries.ts';

export type Purpose = 'labelling' | 'comparison' | 'both';

export interface Session {
  role: 'anonymous' | 'rater' | 'owner';
  project: string;
  /** Tells projects apart that were served under one address. */
  study: string;
  /** Names the session in requests. */
  key: string;
  /** What a rater was invited for. */
  purpose: Purpose;
  /** Nothing that is done counts: the owner tries what raters see. */
  isTrial: boolean;
  /** What the rater calls themselves. */
  name?: string | undefined;
  /** With which a rater goes on on another device. */
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

/** Whose unsent entries of that kind these are. */
export function keeperOf({ study, key }: Session, kind: 'labelling' | 'comparing'): Keeper {
  return { study, rater: key, kind };
}
