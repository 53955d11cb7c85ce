/** The requests to the server for answering comparison queries. Tests replace them. */
import { api, raterRequest, read } from '../api/client.ts';
import type { Completion } from '../labelling/labelling-api.ts';
import { sessionHeaders } from '../session/session-key.ts';
import type { Preference } from './questions.ts';

/** An action of the rater: an answer to a query, or the retraction of an answer. */
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
  /** Id of this page, which the server stores with the queries that the page requests. */
  readonly page: string;
  standing(): Promise<ComparingStanding>;
  lease(count: number): Promise<readonly LeasedComparison[]>;
  /**
   * Gives the page's unanswered queries back, so that other raters can get them; the request also works while the page
   * closes.
   */
  release(): void;
  send(entry: ComparisonEntry): Promise<unknown>;
}

/**
 * Creates the requests. `page` is the id of this page; because each tab has its own id, two tabs of one rater get
 * different queries.
 */
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
