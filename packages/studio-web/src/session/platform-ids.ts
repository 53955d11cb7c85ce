/**
 * The ids that recruiting platforms put into a rater's link. Values that are not ids, such as placeholders that the
 * platform did not replace, are left out.
 */

export interface PlatformIds {
  participant?: string;
  study?: string;
  session?: string;
}

/**
 * The query parameters that can contain each id: the names that Prolific uses, plain names, and the names that
 * Mechanical Turk uses.
 */
const NAMES = {
  participant: ['PROLIFIC_PID', 'participant', 'workerId'],
  study: ['STUDY_ID', 'study', 'hitId'],
  session: ['SESSION_ID', 'session', 'assignmentId'],
} as const satisfies Record<keyof PlatformIds, readonly string[]>;
const ID = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Reads the ids from `search`, the query part of the address: '?PROLIFIC_PID=...'. */
export function platformIdsIn(search: string): PlatformIds {
  const given = new URLSearchParams(search);
  const ids: PlatformIds = {};
  for (const [kind, names] of Object.entries(NAMES) as [keyof PlatformIds, readonly string[]][]) {
    const id = names.map((name) => given.get(name)).find((value) => value !== null && ID.test(value));
    if (id) ids[kind] = id;
  }
  return ids;
}
