/** The typed client of the studio's HTTP API, and its errors. */
import type { StudioApp } from '@heed/studio-api';
import { hc } from 'hono/client';
import { sessionHeaders } from '../session/session-key.ts';

/**
 * Example of a request: `api.labelling.lease.$post({ json: { count: 3 } })`. The types come from the server's routes.
 */
export const { api } = hc<StudioApp>('/', { headers: () => sessionHeaders() });

/**
 * Time limit of a request. On a lost network, a request can stay open for many minutes; after the limit, the page
 * repeats the request.
 */
const ANSWERED_WITHIN_MS = 30_000;

/**
 * Options of a request from a rater's page: the header of the session (by default the tab's session), and a time limit.
 */
export function raterRequest(session?: string, { withinMs = ANSWERED_WITHIN_MS }: { withinMs?: number } = {}) {
  return { headers: sessionHeaders(session), init: { signal: AbortSignal.timeout(withinMs) } };
}

/** HTTP statuses of the studio that mean that repeating the same request will never succeed. */
const FINAL_STATUSES: readonly number[] = [400, 404, 409, 413];

interface ErrorBody {
  readonly error?: string;
  /** The error's code, by which a page finds its own text for the error. */
  readonly code?: string;
}

/**
 * The error for a request that got no 2xx response from the studio. `status` is 0 when there was no response, or when
 * another server responded in place of the studio.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  /** Whether the response came from the studio itself and not from a proxy. */
  readonly isOfStudio: boolean;

  constructor(status: number, message: string, options: { code?: string | undefined; isOfStudio?: boolean } = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = options.code;
    this.isOfStudio = options.isOfStudio ?? false;
  }

  /** Whether repeating the request can never succeed. */
  get isFinal(): boolean {
    return this.isOfStudio && FINAL_STATUSES.includes(this.status);
  }
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<unknown>;
}

/** The body of a route's 2xx response. */
type Body<Response extends Answer> = Exclude<Awaited<ReturnType<Response['json']>>, { error: string }>;

/**
 * Returns the body of a 2xx response; throws an `ApiError` for any other response. A response that is not JSON is not
 * from the studio; for example, a network's login page answers 200 to every request.
 */
export async function read<Response extends Answer>(answer: Promise<Response>): Promise<Body<Response>> {
  const response = await answer.catch(() => {
    throw new ApiError(0, 'the studio does not answer', { code: 'no-answer' });
  });
  const body = await response.json().catch(() => undefined);
  const isOfStudio = typeof body === 'object' && body !== null;
  if (response.ok && isOfStudio) return body as Body<Response>;
  if (response.ok) throw new ApiError(0, 'another server answers in place of the studio', { code: 'no-answer' });
  const { error, code } = (isOfStudio ? body : {}) as ErrorBody;
  throw new ApiError(response.status, error ?? `status ${response.status}`, {
    code,
    isOfStudio: error !== undefined,
  });
}

/** Where a picture lies. */
export function pictureUrl(name: string): string {
  return `/api/pictures/${encodeURIComponent(name)}`;
}
