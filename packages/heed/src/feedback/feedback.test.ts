// The log on real files: nothing acknowledged is lost, retries are harmless, torn lines are mended, bad events refused.
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventId, type FeedbackEvent, LABELS, queryId } from './event.ts';
import { labelShares, lastWords } from './judgements.ts';
import { openFeedbackLog } from './log.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-feedback-'));
  path = join(folder, 'feedback.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const event = (changes: Partial<FeedbackEvent> = {}): FeedbackEvent => ({
  id: 'a',
  time: '2026-01-31T09:30:00.000Z',
  rater: 'anna',
  raterKind: 'human',
  query: 'q',
  image: '0123456789abcdef',
  prompt: 'Two dogs.',
  model: 'base',
  label: 'good',
  ...changes,
});

const eventArbitrary: fc.Arbitrary<FeedbackEvent> = fc
  .record({
    time: fc
      .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    rater: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    raterKind: fc.constantFrom('human', 'simulated'),
    query: fc.string({ minLength: 1, maxLength: 20 }),
    image: fc.nat(0xffff).map((n) => n.toString(16).padStart(16, '0')),
    prompt: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }),
    model: fc.constant('base'),
    label: fc.constantFrom(...LABELS),
    reason: fc.option(fc.string({ unit: 'grapheme', maxLength: 50 }), { nil: undefined }),
  })
  .map(({ reason, ...rest }) => ({ id: eventId(rest), ...rest, ...(reason === undefined ? {} : { reason }) }))
  .filter((made) => [made.rater, made.prompt, made.reason ?? ''].every((text) => text.isWellFormed()));

describe('feedback log', () => {
  it('gives back what was appended, over several openings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(eventArbitrary, { selector: ({ id }) => id, maxLength: 12 }),
        fc.nat(12),
        async (events, at) => {
          await rm(path, { force: true });
          for (const part of [events.slice(0, at), events.slice(at)]) {
            const log = openFeedbackLog(path);
            expect(await log.append(part)).toBe(part.length);
            await log.close();
          }
          expect(await openFeedbackLog(path).read()).toEqual(events);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('writes an event once, however often it is sent and by how many at a time', async () => {
    const log = openFeedbackLog(path);
    const added = await Promise.all(Array.from({ length: 10 }, () => log.append([event(), event({ id: 'b' })])));
    expect(added.reduce((sum, n) => sum + n, 0)).toBe(2);
    await log.close();
    const again = openFeedbackLog(path);
    expect(await again.append([event(), event({ id: 'c' })])).toBe(1);
    expect((await again.read()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    await again.close();
  });

  it('keeps all events of a hundred callers at once', async () => {
    const log = openFeedbackLog(path);
    await Promise.all(Array.from({ length: 100 }, (_, i) => log.append([event({ id: `e${i}` })])));
    await log.close();
    expect(new Set((await openFeedbackLog(path).read()).map(({ id }) => id)).size).toBe(100);
  });

  it('survives a last line torn at any byte', async () => {
    const log = openFeedbackLog(path);
    await log.append([event({ id: 'one' }), event({ id: 'two', prompt: 'Zwei Hündchen 🐕.' })]);
    await log.close();
    const whole = await readFile(path);
    const second = whole.indexOf(0x0a) + 1;
    for (let length = second; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      const torn = openFeedbackLog(path);
      expect((await torn.read()).map(({ id }) => id)).toEqual(['one']);
      await torn.append([event({ id: 'three' })]);
      await torn.close();
      expect((await openFeedbackLog(path).read()).map(({ id }) => id)).toEqual(['one', 'three']);
    }
  });

  it('names a damaged line that is not the last', async () => {
    const log = openFeedbackLog(path);
    await log.append([event()]);
    await log.close();
    await appendFile(path, `${JSON.stringify({ ...event({ id: 'b' }), label: 'great' })}\n`);
    await expect(openFeedbackLog(path).read()).rejects.toThrow(
      `${path}, line 2: expected a feedback event, got a bad value in label`,
    );
  });

  it('refuses all events where one is bad, and writes none', async () => {
    const log = openFeedbackLog(path);
    const bad: Partial<Record<keyof FeedbackEvent, unknown>>[] = [
      { label: 'great' },
      { image: '../../etc/passwd' },
      { time: 'yesterday' },
      { rater: '' },
      { raterKind: 'robot' },
      { id: 5 },
    ];
    for (const change of bad) {
      const name = Object.keys(change)[0]!;
      const broken = { ...event({ id: 'z' }), ...change } as unknown as FeedbackEvent;
      await expect(log.append([event(), broken])).rejects.toThrow(
        `feedback event 2: expected a feedback event, got a bad value in ${name}`,
      );
    }
    expect(await log.read()).toEqual([]);
    await log.close();
  });
});

describe('judgements', () => {
  it('take the last word of each rater on each image', () => {
    const events = [
      event({ id: '1', label: 'good' }),
      event({ id: '2', rater: 'ben', label: 'bad' }),
      event({ id: '3', label: 'skip' }),
    ];
    expect(lastWords(events).map(({ id }) => id)).toEqual(['2', '3']);
    expect(labelShares(lastWords(events))).toEqual({ judgements: 2, good: 0, bad: 0.5, skip: 0.5 });
    expect(labelShares([])).toEqual({ judgements: 0, good: 0, bad: 0, skip: 0 });
  });

  it('are gone once they are retracted, until the rater says something again', () => {
    const retracted = [event({ id: '1' }), event({ id: '2', rater: 'ben' }), event({ id: '1-2', label: 'retracted' })];
    expect(lastWords(retracted).map(({ id }) => id)).toEqual(['2']);
    expect(lastWords([...retracted, event({ id: '1-3', label: 'bad' })]).map(({ id }) => id)).toEqual(['2', '1-3']);
  });

  it('ids depend on facts, not on the order in which images are shown', () => {
    expect(queryId('p', ['a', 'b'])).toBe(queryId('p', ['b', 'a']));
    expect(queryId('p', ['a', 'b'])).not.toBe(queryId('q', ['a', 'b']));
    expect(queryId('p', ['ab'])).not.toBe(queryId('p', ['a', 'b']));
    expect(eventId({ query: 'q', rater: 'r', image: 'i' })).not.toBe(eventId({ query: 'q', rater: 'ri', image: '' }));
  });
});
