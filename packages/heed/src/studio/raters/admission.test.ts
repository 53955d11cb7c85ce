// Participants of recruiting platforms: kept by their id, found again when they return, paid by a completion code.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Project } from '../../project/project.ts';
import { openProject } from '../../project/project.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-admission-'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: 8,
    overrides: [
      'label.ratersPerQuery=9',
      'label.queriesPerRater=2',
      'label.completionUrl="https://app.prolific.com/submissions/complete?cc={code}"',
    ],
  });
  test = await openTestStudio(project, { attempts: 1000 });
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const invite = async (maxUses = 5) => {
  const made = await test.post<{ id: string; link: string; platformLink: string }>(
    '/api/invites',
    { name: 'Prolific', days: 7, maxUses },
    test.owner,
  );
  return { ...made, token: new URL(made.link).hash.slice(1) };
};
const arrive = (body: object, cookie?: string) =>
  test.request('/api/session/join', { method: 'POST', body, token: cookie });
const sessionOf = (response: Response) => /=([^;]+)/.exec(response.headers.getSetCookie()[0] ?? '')?.[1] ?? '';
const raterOf = async (session: string) => (await test.studio.sessions.identify(session))!.rater;
const standing = async (token: string) =>
  (await (await test.request('/api/labelling/standing', { token })).json()) as {
    answered: number;
    open: number;
    completion?: { code: string; url?: string };
  };
const answerSome = async (token: string, count: number) => {
  const { queries } = await test.post<{ queries: { id: string }[] }>('/api/labelling/lease', { count }, token);
  for (const { id: query } of queries) {
    await test.post('/api/labelling/answers', { id: randomUUID(), query, labels: ['good', 'bad', 'good'] }, token);
  }
  return queries.length;
};

describe('a participant', () => {
  it('is one rater, also on return, in another browser, and through a link without a use left', async () => {
    const { token } = await invite(1);
    const arrival = { token, participant: '5f1a', study: 'study-1', session: 's-1' };
    const first = sessionOf(await arrive(arrival));
    const again = sessionOf(await arrive({ ...arrival, session: 's-2' }));
    expect(again).not.toBe(first);
    expect(await raterOf(again)).toBe(await raterOf(first));
    expect((await arrive({ ...arrival, participant: 'other' })).status).toBe(401);
    const lines = (await readFile(join(project.folder, 'raters.jsonl'), 'utf8')).trim().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({
      event: 'joined',
      name: '5f1a',
      participant: '5f1a',
      study: 'study-1',
      session: 's-1',
    });
  });

  it('who arrives many times at once is one rater and one use', async () => {
    const { id, token } = await invite();
    const all = await Promise.all(Array.from({ length: 10 }, () => arrive({ token, participant: 'quick' })));
    const raters = await Promise.all(all.map((response) => raterOf(sessionOf(response))));
    expect(new Set(raters).size).toBe(1);
    expect((await test.studio.invites.all()).find((made) => made.id === id)!.uses).toBe(1);
  });

  it('is told apart from another in the same browser', async () => {
    const { token } = await invite();
    const first = sessionOf(await arrive({ token, participant: 'one' }));
    const one = await raterOf(first);
    const second = await arrive({ token, participant: 'two' }, first);
    expect(await raterOf(sessionOf(second))).not.toBe(one);
    expect((await arrive({ token, participant: 'two' }, sessionOf(second))).headers.getSetCookie()).toEqual([]);
  });

  it('does not get in by a revoked link, nor with an id that is none', async () => {
    const { id, token } = await invite();
    await arrive({ token, participant: 'back' });
    for (const bad of ['', 'x'.repeat(65), 'a b', '<b>', '../..', 'ä']) {
      expect([bad, (await arrive({ token, participant: bad })).status]).toEqual([bad, 400]);
      expect([bad, (await arrive({ token, name: 'x', session: bad })).status]).toEqual([bad, 400]);
    }
    expect((await arrive({ token })).status).toBe(400);
    expect((await arrive({ token, name: 'x', email: 'a@b' })).status).toBe(400);
    await test.post(`/api/invites/${id}/revoke`, {}, test.owner);
    expect((await arrive({ token, participant: 'back' })).status).toBe(401);
  });

  it('has a link with the names that the platform fills in', async () => {
    const { platformLink, link } = await invite();
    expect(platformLink).toContain(
      '/join?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}#',
    );
    expect(new URL(platformLink).hash).toBe(new URL(link).hash);
  });
});

describe('somebody with a name', () => {
  const joined = async () =>
    (await readFile(join(project.folder, 'raters.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('whose page asks again, at once or later, is one rater and one use', async () => {
    const { id, token } = await invite();
    const arrival = { token, name: 'Ada', session: 'key-1' };
    const atOnce = await Promise.all(Array.from({ length: 10 }, () => arrive(arrival)));
    const all = [...atOnce, await arrive(arrival)];
    const raters = await Promise.all(all.map((response) => raterOf(sessionOf(response))));
    expect(new Set(raters).size).toBe(1);
    expect((await joined()).filter(({ name }) => name === 'Ada')).toHaveLength(1);
    expect((await test.studio.invites.all()).find((made) => made.id === id)!.uses).toBe(1);
    const [other, namesake] = [
      await arrive({ ...arrival, name: 'Bob' }),
      await arrive({ ...arrival, session: 'key-2' }),
    ];
    expect(new Set([raters[0], await raterOf(sessionOf(other)), await raterOf(sessionOf(namesake))]).size).toBe(3);
  });

  it('takes the last use alone, however many come at once', async () => {
    const { id, token } = await invite(3);
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) => arrive({ token, name: `Crowd ${i}`, session: `crowd-${i}` })),
    );
    expect(all.filter(({ status }) => status === 200)).toHaveLength(3);
    expect((await joined()).filter(({ invite: of }) => of === id)).toHaveLength(3);
  });

  it('is let in where the studio ended before it counted the use', async () => {
    const { id, token } = await invite(1);
    const { countUse } = test.studio.invites;
    test.studio.invites.countUse = async () => {
      throw new Error('the process ends here');
    };
    expect((await arrive({ token, name: 'Eve', session: 'key-3' })).status).toBe(500);
    test.studio.invites.countUse = countUse;
    const again = await arrive({ token, name: 'Eve', session: 'key-3' });
    expect(again.status).toBe(200);
    const own = (await joined()).filter(({ invite: of }) => of === id);
    expect(own.map(({ rater }) => rater)).toEqual([await raterOf(sessionOf(again))]);
    expect((await arrive({ token: 'x.y', name: 'Eve' })).status).toBe(401);
  });
});

describe('the completion code', () => {
  it('is shown after the configured number of queries, not before, and then no more is asked', async () => {
    const { token } = await invite();
    const session = sessionOf(await arrive({ token, participant: 'worker' }));
    expect(await standing(session)).toMatchObject({ answered: 0, open: 2 });
    await answerSome(session, 1);
    expect(await standing(session)).not.toHaveProperty('completion');
    expect(await answerSome(session, 5)).toBe(1);
    const { code, url } = (await standing(session)).completion!;
    expect(code).toMatch(/^[\w-]{22}$/);
    expect(url).toBe(`https://app.prolific.com/submissions/complete?cc=${code}`);
    expect(await answerSome(session, 5)).toBe(0);
  });

  it('is never for the owner to earn, who reads it beside the invites', async () => {
    await answerSome(test.owner, 5);
    expect(await standing(test.owner)).not.toHaveProperty('completion');
    const response = await test.request('/api/invites', { token: test.owner });
    const { completion } = (await response.json()) as { completion: { code: string } };
    expect(completion.code).toMatch(/^[\w-]{22}$/);
  });

  it('is another in every project, or what the owner sets, and goes to https alone', async () => {
    const other = await makeDrawnProject(join(folder, 'q'), { prompts: 1 });
    const opened = await openTestStudio(other);
    expect(opened.studio.completion.code).not.toBe(test.studio.completion.code);
    expect(opened.studio.completion).not.toHaveProperty('url');
    await opened.close();
    const open = async (...overrides: string[]) =>
      openTestStudio(await openProject(other.folder, { overrides: overrides.map((text) => `label.${text}`) }));
    const own = await open('completionCode="C1 & more"', 'completionUrl="https://x.example/?cc={code}"');
    expect(own.studio.completion).toMatchObject({ code: 'C1 & more', url: 'https://x.example/?cc=C1%20%26%20more' });
    await own.close();
    for (const url of ['javascript:alert(1)', 'http://x.example/{code}', 'x']) {
      await expect(open(`completionUrl="${url}"`)).rejects.toThrow(
        'label.completionUrl must be an address that begins',
      );
    }
  });
});
