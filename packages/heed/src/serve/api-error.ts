/**
 * Errors as the OpenAI API has them: {"error": {message, type, param, code}}, for every refusal of the server.
 * Source: https://platform.openai.com/docs/guides/error-codes and the openai package's `core/error`.
 */
import type { Context } from 'hono';

const TYPES = {
  400: 'invalid_request_error',
  401: 'invalid_request_error',
  403: 'invalid_request_error',
  404: 'invalid_request_error',
  405: 'invalid_request_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  500: 'server_error',
  503: 'server_error',
} as const;

/** What is wrong with a request, or with the server. */
export interface ApiFault {
  readonly status: keyof typeof TYPES;
  /** One sentence. */
  readonly message: string;
  /** The field of the body. */
  readonly param?: string | undefined;
  /** For programs: 'invalid_value', 'model_not_found'. */
  readonly code?: string | undefined;
  /** When the same request may work. */
  readonly retryAfterSeconds?: number | undefined;
}

/** A fault on its way to the answer. */
export class ApiError extends Error {
  readonly fault: ApiFault;

  constructor(fault: ApiFault) {
    super(fault.message);
    this.name = 'ApiError';
    this.fault = fault;
  }
}

/** The answer to a request that is refused. */
export function answerFault(c: Context, { status, message, param, code, retryAfterSeconds }: ApiFault): Response {
  if (retryAfterSeconds !== undefined) c.header('Retry-After', String(retryAfterSeconds));
  return c.json({ error: { message, type: TYPES[status], param: param ?? null, code: code ?? null } }, status);
}
