/** A rater's signed personal link for returning on another device. The link is valid as long as the rater's invite. */
import type { Secret } from './secret.ts';

export interface ReturnToken {
  readonly rater: string;
  readonly invite: string;
}

const MARK = 'r';

/** The token that follows '#' in the return link. */
export function returnTokenOf(secret: Secret, { rater, invite }: ReturnToken): string {
  return [MARK, rater, invite, secret.tag('return', JSON.stringify([rater, invite]))].join('.');
}

/** Reads a return link's token; undefined for anything else, including a forged token. */
export function readReturnToken(secret: Secret, token: string): ReturnToken | undefined {
  const [mark, rater = '', invite = '', tag = '', ...rest] = token.split('.');
  if (mark !== MARK || rest.length > 0) return undefined;
  return secret.verify('return', JSON.stringify([rater, invite]), tag) ? { rater, invite } : undefined;
}
