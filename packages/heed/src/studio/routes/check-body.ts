/**
 * Checks the bodies and parameters of requests against a schema. Unknown keys, wrong values and control characters are
 * answered with status 400 and one sentence.
 */
import { zValidator } from '@hono/zod-validator';
import type { ValidationTargets } from 'hono';
import { z } from 'zod';
import { faultOfLine, faultOfText } from '../../files/read-text.ts';
import { plainName } from '../../text/plain-name.ts';
import { problem } from '../auth/guard.ts';

/** Middleware that parses `target` with `schema`; the route reads it with `c.req.valid(target)`. */
export function check<Target extends keyof ValidationTargets, Schema extends z.ZodType>(
  target: Target,
  schema: Schema,
) {
  return zValidator(target, schema, (result, c) => {
    if (result.success) {
      // A NUL would break the transaction, which also holds the answers of others.
      const fault = faultIn(result.data);
      return fault === undefined ? undefined : problem(c, 400, fault);
    }
    const issue = result.error.issues[0];
    const where = issue?.path.join('.') || (target === 'json' ? 'the body' : target);
    return problem(c, 400, `${where}: ${issue?.message ?? 'expected something else'}`);
  });
}

const MAX_NAME_LENGTH = 100;

/** Schema of a person's name: one line, without marks that change the text direction. */
export function personName() {
  return z
    .string()
    .superRefine((text, context) => {
      const message = faultOfLine(text, { maxLength: MAX_NAME_LENGTH });
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .transform(plainName)
    .pipe(z.string().min(1, 'expected a name'));
}

/** Finds the first text in a parsed value that contains a control character or half a surrogate pair. */
function faultIn(value: unknown, path: readonly string[] = []): string | undefined {
  if (typeof value === 'string') {
    // PostgreSQL rejects JSON with half a surrogate pair, and with it the whole statement.
    const fault = value.isWellFormed()
      ? faultOfText(value, { maxLength: Number.POSITIVE_INFINITY })
      : 'expected whole characters, got half of one (a lone surrogate)';
    return fault === undefined ? undefined : `${path.join('.') || 'the text'}: ${fault}`;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const fault = faultIn(inner, [...path, key]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
