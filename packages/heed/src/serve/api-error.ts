/**
 * Error responses in the OpenAI API's format: {"error": {message, type, param, code}}. Source:
 * https://platform.openai.com/docs/guides/error-codes and the openai package's `core/error`.
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

/** A fault of a request or of the server. */
export interface ApiFault {
  readonly status: keyof typeof TYPES;
  /** One sentence. */
  readonly message: string;
  /** The field of the request body that has the fault. */
  readonly param?: string | undefined;
  /** Error code for programs, such as 'invalid_value' or 'model_not_found'. */
  readonly code?: string | undefined;
  /** Seconds until a retry may succeed. */
  readonly retryAfterSeconds?: number | undefined;
}

/** An error that is sent to the client as the response. */
export class ApiError extends Error {
  readonly fault: ApiFault;

  constructor(fault: ApiFault) {
    super(fault.message);
    this.name = 'ApiError';
    this.fault = fault;
  }
}

/** The response to a refused request. */
export function answerFault(c: Context, { status, message, param, code, retryAfterSeconds }: ApiFault): Response {
  if (retryAfterSeconds !== undefined) c.header('Retry-After', String(retryAfterSeconds));
  return c.json({ error: { message, type: TYPES[status], param: param ?? null, code: code ?? null } }, status);
}
