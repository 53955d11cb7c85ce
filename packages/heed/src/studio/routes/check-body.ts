/** Bodies and parameters checked against a schema: unknown keys and wrong values answer 400 with one sentence. */
import { zValidator } from '@hono/zod-validator';
import type { ValidationTargets } from 'hono';
import type { z } from 'zod';
import { problem } from '../auth/guard.ts';

/** Middleware that parses `target` with `schema`; the route reads it with `c.req.valid(target)`. */
export function check<Target extends keyof ValidationTargets, Schema extends z.ZodType>(
  target: Target,
  schema: Schema,
) {
  return zValidator(target, schema, (result, c) => {
    if (result.success) return undefined;
    const issue = result.error.issues[0];
    const where = issue?.path.join('.') || (target === 'json' ? 'the body' : target);
    return problem(c, 400, `${where}: ${issue?.message ?? 'expected something else'}`);
  });
}
