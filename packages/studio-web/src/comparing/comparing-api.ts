/** The server requests of comparing. Tests replace them. */
import { api, raterRequest, read } from '../api/client.ts';
import type { Completion } from '../labelling/labelling-api.ts';
import { sessionHeaders } from '../session/session-key.ts';
import type { Preference } from './questions.ts';

/** What the rater did: answered a query, or took an answer back. */
export type ComparisonEntry =
  | {
      kind: 'answer';
      id: string;
      query: string;
      alignment: Preference;
      fidelity: Preference;
      seconds: number;
    }
  | { kind: 'retract'; id: string; page?: string };

interface Picture {
  name: string;
  width: number;
  height: number;
}

export interface LeasedComparison {
  id: string;
  prompt: string;
  left: Picture[];
  right: Picture[];
}

export interface ComparingStanding {
  answered: number;
  open: number;
  completion?: Completion | undefined;
  paidInSeconds?: number | undefined;
}

export interface ComparingApi {
  /** Names the page that asks. */
  readonly page: string;
  standing(): Promise<ComparingStanding>;
  lease(count: number): Promise<readonly LeasedComparison[]>;
  /** Works while the page closes. */
  release(): void;
  send(entry: ComparisonEntry): Promise<unknown>;
}

/** `page` names this page, so that two tabs of one rater are asked different queries. */
export function comparingApi({ session, page }: { session: string; page: string }): ComparingApi {
  const request = () => raterRequest(session);
  return {
    page,
    standing: async () => read(api.comparing.standing.$get({}, request())),
    lease: async (count) => (await read(api.comparing.lease.$post({ json: { count, page } }, request()))).queries,
    release: () =>
      void api.comparing.release
        .$post({ json: { page } }, { headers: sessionHeaders(session), init: { keepalive: true } })
        .catch(() => {}),
    async send(entry) {
      if (entry.kind === 'retract') {
        return read(
          api.comparing.answers[':id'].retract.$post(
            { param: { id: entry.id }, query: { page: entry.page } },
            request(),
          ),
        );
      }
      const { kind: _, ...json } = entry;
      return read(api.comparing.answers.$post({ json }, request()));
    },
  };
}
