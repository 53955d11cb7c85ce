/** Who is logged in, for every component. */
import { createContext, useContext } from 'react';

export interface Session {
  role: 'anonymous' | 'rater' | 'owner';
  project: string;
}

export const SessionContext = createContext<Session>({ role: 'anonymous', project: '' });

export function useSession(): Session {
  return useContext(SessionContext);
}
