/**
 * Access policies of all routes. A request for a route that is not in the table gets a 404, whatever the identity.
 */
import type { Identity, Role } from './sessions.ts';

/** The roles that the sender of a request can have. */
export const IDENTITIES = ['anonymous', 'rater', 'owner'] as const;
export type IdentityKind = (typeof IDENTITIES)[number];

/** The roles that each policy admits. */
export const POLICIES = {
  anyone: ['anonymous', 'rater', 'owner'],
  raters: ['rater', 'owner'],
  owner: ['owner'],
} as const satisfies Record<string, readonly IdentityKind[]>;
export type Policy = keyof typeof POLICIES;

/** The policy of each route, keyed by the method and path with which the route is registered. */
export const ROUTE_POLICIES: Readonly<Record<string, Policy>> = {
  'GET /api/session': 'anyone',
  'POST /api/session/login': 'anyone',
  'POST /api/session/invite': 'anyone',
  'POST /api/session/join': 'anyone',
  'POST /api/session/logout': 'raters',
  'GET /api/pictures/:id': 'raters',
  'GET /api/labelling/standing': 'raters',
  'POST /api/labelling/lease': 'raters',
  'POST /api/labelling/shown': 'raters',
  'POST /api/labelling/release': 'raters',
  'POST /api/labelling/answers': 'raters',
  'POST /api/labelling/answers/:id/retract': 'raters',
  'GET /api/gold': 'owner',
  'POST /api/gold': 'owner',
  'POST /api/gold/:query/remove': 'owner',
  'GET /api/guidelines': 'raters',
  'GET /api/guidelines/text': 'owner',
  'POST /api/guidelines/preview': 'owner',
  'POST /api/guidelines': 'owner',
  'GET /api/comparing/standing': 'raters',
  'POST /api/comparing/lease': 'raters',
  'POST /api/comparing/release': 'raters',
  'POST /api/comparing/answers': 'raters',
  'POST /api/comparing/answers/:id/retract': 'raters',
  'GET /api/comparisons': 'owner',
  'POST /api/comparisons': 'owner',
  'GET /api/comparisons/:id/prompts': 'owner',
  'GET /api/comparisons/:id/answers/:format': 'owner',
  'POST /api/comparisons/:id/raters': 'owner',
  'POST /api/comparisons/:id/repeat': 'owner',
  'POST /api/comparisons/:id/end': 'owner',
  'GET /api/overview': 'owner',
  'GET /api/overview/judges': 'owner',
  'GET /api/evaluation': 'owner',
  'GET /api/images': 'owner',
  'GET /api/reports': 'owner',
  'GET /api/reports/:name': 'owner',
  'GET /api/rewards': 'owner',
  'GET /api/rewards/:run': 'owner',
  'GET /api/rounds': 'owner',
  'POST /api/rounds/label-next': 'owner',
  'POST /api/rounds/draw': 'owner',
  'GET /api/queue': 'owner',
  'POST /api/queue': 'owner',
  'POST /api/queue/clear': 'owner',
  'GET /api/training': 'owner',
  'GET /api/training/:id': 'owner',
  'GET /api/training/:id/samples/:step': 'owner',
  'GET /api/training/:id/events': 'owner',
  'GET /api/image/:name': 'owner',
  'POST /api/image/:name/events': 'owner',
  'POST /api/image/:name/judge': 'owner',
  'POST /api/image/:name/strike-out': 'owner',
  'POST /api/image/:name/ask-again': 'owner',
  'GET /api/tries': 'owner',
  'POST /api/tries': 'owner',
  'POST /api/tries/evaluation-prompts': 'owner',
  'POST /api/tries/label': 'owner',
  'POST /api/tries/:id/compare': 'owner',
  'GET /api/owners': 'owner',
  'POST /api/owners': 'owner',
  'POST /api/owners/:id/link': 'owner',
  'POST /api/owners/:id/revoke': 'owner',
  'GET /api/runs': 'owner',
  'GET /api/runs/compare': 'owner',
  'POST /api/runs/:id/model/:form': 'owner',
  'GET /api/runs/downloads/:token': 'owner',
  'POST /api/runs/:id/rename': 'owner',
  'POST /api/runs/:id/archive': 'owner',
  'POST /api/runs/:id/restore': 'owner',
  'POST /api/runs/:id/delete': 'owner',
  'GET /api/job-settings': 'owner',
  'GET /api/data/label-studio-config': 'owner',
  'GET /api/data/downloads/:name': 'owner',
  'POST /api/data/uploads': 'owner',
  'PUT /api/data/uploads/:id/files': 'owner',
  'POST /api/data/uploads/:id/import': 'owner',
  'POST /api/data/uploads/:id/discard': 'owner',
  'GET /api/jobs': 'owner',
  'POST /api/jobs': 'owner',
  'POST /api/jobs/:id/stop': 'owner',
  'GET /api/jobs/:id/events': 'owner',
  'GET /api/jobs/:id/log': 'owner',
  'GET /api/invites': 'owner',
  'POST /api/invites': 'owner',
  'POST /api/invites/:id/revoke': 'owner',
  'GET /api/raters': 'owner',
  'GET /api/raters/:id': 'owner',
  'POST /api/raters/:id/set-aside': 'owner',
  'POST /api/raters/:id/take-back': 'owner',
  'GET /*': 'anyone',
};

/** The table's verdict: admit, ask to log in, or answer as if the route did not exist. */
export function verdictOf(route: string | undefined, role: Role | undefined): 'allow' | 'login' | 'absent' {
  const policy = route === undefined ? undefined : ROUTE_POLICIES[route];
  if (policy === undefined) return 'absent';
  const allowed: readonly IdentityKind[] = POLICIES[policy];
  if (allowed.includes(role ?? 'anonymous')) return 'allow';
  return role === undefined ? 'login' : 'absent';
}

/**
 * Path prefixes of routes, each with the purpose that a rater's invite must have for such a route. All other routes are
 * open to invites for any purpose.
 */
const PURPOSES = [
  ['/api/labelling/', 'labelling'],
  ['/api/comparing/', 'comparison'],
] as const;

/** Whether the route suits the purpose of the rater's invite; always true for owners. */
export function isForPurpose(route: string | undefined, { role, purpose }: Identity): boolean {
  const needed = PURPOSES.find(([path]) => route?.includes(` ${path}`))?.[1];
  return role === 'owner' || needed === undefined || purpose === 'both' || purpose === needed;
}
