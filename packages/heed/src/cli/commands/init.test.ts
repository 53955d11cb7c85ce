// What `heed init` tells to do next works from where it was run.
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { nextCommand } from './init.ts';

it('names the folder as a shell takes it, and none for this one', () => {
  expect(nextCommand('.')).toBe('npx heed studio');
  expect(nextCommand(resolve('.'))).toBe('npx heed studio');
  expect(nextCommand('cats')).toBe('cd cats && npx heed studio');
  expect(nextCommand("my cats' work")).toBe("cd -- 'my cats'\\'' work' && npx heed studio");
  expect(nextCommand('-x')).toBe("cd -- '-x' && npx heed studio");
});
