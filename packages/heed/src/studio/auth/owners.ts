/**
 * The owners of a project. The append-only file `owners.jsonl` records who was added and whose access was ended. The
 * person who starts the studio needs no entry, because the link in the terminal logs them in.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { badInput, InputError } from '../../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../../files/json-lines.ts';
import type { Project } from '../../project/project.ts';
import { plainName } from '../../text/plain-name.ts';
import { randomToken } from './secret.ts';
import { OWNER_RATER } from './sessions.ts';

const MAX_OWNERS = 50;
const ID_LENGTH = 12;

const eventSchema = z.object({
  time: z.iso.datetime(),
  owner: z.string().regex(/^owner-[A-Za-z0-9_-]{1,40}$/),
  event: z.enum(['added', 'revoked']),
  name: z.string().max(200).optional(),
  /** The owner who made the change. */
  by: z.string().max(200),
});

/** One line of owners.jsonl. */
export type OwnerEvent = z.output<typeof eventSchema>;

export interface Owner {
  /** Id of the owner, which is also the rater id in the owner's judgements. */
  readonly id: string;
  readonly name: string;
  /** When the owner was added; undefined for the owner who starts the studio. */
  readonly addedAt?: string;
}

export interface Owners {
  /** All owners with access; the owner who starts the studio comes first. */
  all(): Owner[];
  find(id: string): Owner | undefined;
  add(name: string, by: string): Promise<Owner>;
  /**
   * Ends this owner's access. Returns false when no owner has this id, or when it is the owner who starts the studio.
   */
  revoke(id: string, by: string): Promise<boolean>;
}

/** Opens the list of the project's owners; the caller must hold the project's lock. */
export function createOwners(project: Project): Owners {
  const all = () => readOwners(project);
  const append = async (event: Omit<OwnerEvent, 'time'>) => {
    const writer = createJsonLinesWriter(ownersPath(project), { fsync: true, sums: true });
    try {
      await writer.append([eventSchema.parse({ time: new Date().toISOString(), ...event })]);
    } finally {
      await writer.close();
    }
  };
  return {
    all,
    find: (id) => all().find((owner) => owner.id === id),
    async add(name, by) {
      const owners = all();
      if (owners.length >= MAX_OWNERS) throw badInput(`expected at most ${MAX_OWNERS} owners, got one more`);
      if (owners.some((owner) => owner.name === name)) throw badInput('expected a name that no owner has yet');
      const id = `${OWNER_RATER}-${randomToken().slice(0, ID_LENGTH)}`;
      await append({ owner: id, event: 'added', name, by });
      return all().find((owner) => owner.id === id)!;
    },
    async revoke(id, by) {
      if (id === OWNER_RATER || !all().some((owner) => owner.id === id)) return false;
      await append({ owner: id, event: 'revoked', by });
      return true;
    },
  };
}

/** Path of a project's owners file. */
export function ownersPath(project: Project): string {
  return join(project.folder, 'owners.jsonl');
}

/** Checks one line of owners.jsonl; throws an `InputError` whose message does not name the file. */
export function parseOwnerEvent(value: unknown): OwnerEvent {
  const result = eventSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected an event of an owner, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}

function readOwners(project: Project): Owner[] {
  const owners = new Map<string, Owner>([[OWNER_RATER, { id: OWNER_RATER, name: 'Owner' }]]);
  for (const { owner, event, name = owner, time } of readJsonLines(ownersPath(project), parseOwnerEvent).records) {
    if (event === 'added') owners.set(owner, { id: owner, name: plainName(name), addedAt: time });
    else owners.delete(owner);
  }
  return [...owners.values()];
}
