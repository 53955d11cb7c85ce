/** The server requests of labelling. Tests replace them. */
import { api, raterRequest, read } from '../api/client.ts';
import { sessionHeaders } from '../session/session-key.ts';
import { type Acknowledged, type LabellingEntry, sendEntry } from './entries.ts';

export interface LeasedQuery {
  id: string;
  prompt: string;
  isPractice: boolean;
  /** Which image is the best, in place of good or bad of each. */
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
  /** Queries that may still be asked, those that others hold counted in. */
  open: number;
  medianSeconds?: number | undefined;
  completion?: Completion | undefined;
  /** Seconds after which the completion code is shown although queries are open, where none is free. */
  paidInSeconds?: number | undefined;
  /** For raters who are invited for comparisons as well. */
  openComparisons?: number | undefined;
}

export interface LabellingApi {
  /** Names the page that asks. */
  readonly page: string;
  standing(): Promise<LabellingStanding>;
  lease(count: number): Promise<readonly LeasedQuery[]>;
  /** Works while the page closes. */
  release(): void;
  shown(query: string): Promise<unknown>;
  send(entry: LabellingEntry): Promise<Acknowledged>;
}

/** `page` names this page, so that two tabs of one rater are asked different queries. */
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
