/**
 * A rater's own link: signed, and good for coming back on another device as long as the invite that they came by is.
 */
import type { Secret } from './secret.ts';

export interface ReturnToken {
  readonly rater: string;
  readonly invite: string;
}

const MARK = 'r';

/** What stands behind the '#' of the link. */
export function returnTokenOf(secret: Secret, { rater, invite }: ReturnToken): string {
  return [MARK, rater, invite, secret.tag('return', JSON.stringify([rater, invite]))].join('.');
}

/** Undefined for anything else than such a token, and for a forged one. */
export function readReturnToken(secret: Secret, token: string): ReturnToken | undefined {
  const [mark, rater = '', invite = '', tag = '', ...rest] = token.split('.');
  if (mark !== MARK || rest.length > 0) return undefined;
  return secret.verify('return', JSON.stringify([rater, invite]), tag) ? { rater, invite } : undefined;
}
