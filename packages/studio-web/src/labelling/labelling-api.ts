/** The requests to the server for answering labelling queries. Tests replace them. */
import { api, raterRequest, read } from '../api/client.ts';
import { sessionHeaders } from '../session/session-key.ts';
import { type Acknowledged, type LabellingEntry, sendEntry } from './entries.ts';

export interface LeasedQuery {
  id: string;
  prompt: string;
  isPractice: boolean;
  /** Whether raters choose the best image instead of labelling each image. */
  asksBest?: boolean | undefined;
  images: { name: string; width: number; height: number }[];
}

export interface Completion {
  code: string;
  /** URL to return to. */
  url?: string | undefined;
}

export interface LabellingStanding {
  answered: number;
  /** Number of queries that the rater may still be asked, including queries that are shown to other raters now. */
  open: number;
  medianSeconds?: number | undefined;
  completion?: Completion | undefined;
  /**
   * Seconds until the rater gets the completion code although queries are open; set only while none of these queries is
   * free.
   */
  paidInSeconds?: number | undefined;
  /** Number of comparison queries that the rater may still be asked, if the rater is also invited to compare. */
  openComparisons?: number | undefined;
}

export interface LabellingApi {
  /** Id of this page, which the server stores with the queries that the page requests. */
  readonly page: string;
  standing(): Promise<LabellingStanding>;
  lease(count: number): Promise<readonly LeasedQuery[]>;
  /**
   * Gives the page's unanswered queries back, so that other raters can get them; the request also works while the page
   * closes.
   */
  release(): void;
  shown(query: string): Promise<unknown>;
  send(entry: LabellingEntry): Promise<Acknowledged>;
}

/**
 * Creates the requests. `page` is the id of this page; because each tab has its own id, two tabs of one rater get
 * different queries.
 */
export function labellingApi({ session, page }: { session: string; page: string }): LabellingApi {
  const request = () => raterRequest(session);
  return {
    page,
    standing: async () => read(api.labelling.standing.$get({}, request())),
    lease: async (count) => (await read(api.labelling.lease.$post({ json: { count, page } }, request()))).queries,
    release: () =>
      void api.labelling.release
        .$post({ json: { page } }, { headers: sessionHeaders(session), init: { keepalive: true } })
        .catch(() => {}),
    shown: (query) => read(api.labelling.shown.$post({ json: { query } }, request())),
    send: (entry) => sendEntry(entry, session),
  };
}
