// One key a person who joins, until the studio has answered.
import { expect, it } from 'vitest';
import { memoryStorage } from '../testing/memory-storage.ts';
import { keptJoinKey } from './join-key.ts';

const join = (name: string, place = memoryStorage(), token = 'invite.signature') =>
  keptJoinKey({ token, name }, { storage: () => place });

it('is the same for the same name and invite until the answer, in every tab', () => {
  const place = memoryStorage();
  const first = join('Ann', place);
  expect(join('Ann', place).key).toBe(first.key);
  expect(join('Ben', place).key).not.toBe(first.key);
  expect(join('Ann', place, 'other.signature').key).not.toBe(first.key);
  expect([...place.entries.keys()].join()).not.toContain('signature');
  first.forget();
  expect(join('Ann', place).key).not.toBe(first.key);
});

it('is made where the browser keeps nothing', () => {
  const place = memoryStorage();
  place.isForbidden = true;
  const { key, forget } = join('Ann', place);
  expect(key).toMatch(/^[0-9a-f-]{36}$/);
  forget();
});
