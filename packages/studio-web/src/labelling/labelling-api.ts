/** The server requests of labelling. Tests replace them. */
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
  /** Number of queries that the rater may still be asked, including queries that others hold. */
  open: number;
  medianSeconds?: number | undefined;
  completion?: Completion | undefined;
  /** Seconds until the completion code is shown although queries are open, when none of them is free. */
  paidInSeconds?: number | undefined;
  /** Number of open comparisons, for raters who are invited for comparisons as well. */
  openComparisons?: number | undefined;
}

export interface LabellingApi {
  /** Id of the page that asks for queries. */
  readonly page: string;
  standing(): Promise<LabellingStanding>;
  lease(count: number): Promise<readonly LeasedQuery[]>;
  /** Releases the page's queries; the request also works while the page closes. */
  release(): void;
  shown(query: string): Promise<unknown>;
  send(entry: LabellingEntry): Promise<Acknowledged>;
}

/** Creates the requests. `page` is the id of this page, so that two tabs of one rater get different queries. */
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
