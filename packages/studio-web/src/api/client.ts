/** The typed client of the studio's HTTP API, and its errors. */
import type { StudioApp } from 'heed/studio-api';
import { hc } from 'hono/client';

/** `api.api.labelling.lease.$post({ json: { count: 3 } })` and so on; types come from the server's routes. */
export const { api } = hc<StudioApp>('/');

/** An answer other than 2xx. `status` is 0 where there was none at all. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }

  /** True where the same request may work later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<unknown>;
}

/** What a route answers with 2xx. */
type Body<Response extends Answer> = Exclude<Awaited<ReturnType<Response['json']>>, { error: string }>;

/** The body of a 2xx answer; throws an `ApiError` for any other. */
export async function read<Response extends Answer>(answer: Promise<Response>): Promise<Body<Response>> {
  const response = await answer.catch(() => {
    throw new ApiError(0, 'the studio does not answer');
  });
  const body = await response.json().catch(() => undefined);
  if (response.ok) return body as Body<Response>;
  throw new ApiError(response.status, (body as { error?: string } | undefined)?.error ?? `status ${response.status}`);
}

/** Where a picture lies. */
export function pictureUrl(name: string): string {
  return `/api/pictures/${encodeURIComponent(name)}`;
}
