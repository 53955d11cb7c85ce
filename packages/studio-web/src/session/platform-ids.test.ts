// Ids of recruiting platforms out of an address.
import { expect, it } from 'vitest';
import { platformIdsIn } from './platform-ids.ts';

it('are taken by any of their names, and only where they are ids', () => {
  const ids = { participant: '5f1a2b', study: '60ff', session: 's-1' };
  expect(platformIdsIn('?PROLIFIC_PID=5f1a2b&STUDY_ID=60ff&SESSION_ID=s-1')).toEqual(ids);
  expect(platformIdsIn('?participant=5f1a2b&study=60ff&session=s-1')).toEqual(ids);
  expect(platformIdsIn('?workerId=5f1a2b&hitId=60ff&assignmentId=s-1&extra=1')).toEqual(ids);
  expect(platformIdsIn('?PROLIFIC_PID={{%25PROLIFIC_PID%25}}&SESSION_ID=%3Cb%3E')).toEqual({});
  expect(platformIdsIn(`?PROLIFIC_PID=${'x'.repeat(65)}&participant=own`)).toEqual({ participant: 'own' });
  expect(platformIdsIn('')).toEqual({});
});
