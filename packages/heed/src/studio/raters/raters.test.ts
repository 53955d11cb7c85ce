// Invites, what raters did, setting aside, and the owner's views of it, through the HTTP API.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventId, type FeedbackEvent } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import { readLabels } from '../../reward/project-labels.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import type { Judges } from '../overview/judges.ts';
import type { Overview } from '../overview/overview.ts';
import { openTestStudio, TEST_ORIGIN, type TestStudio } from '../testing.ts';

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-raters-'));
  project = await makeDrawnProject(join(folder, 'p'), { prompts: 8, overrides: ['label.ratersPerQuery=3'] });
  test = await openTestStudio(project, { attempts: 1000 });
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

interface Shown {
  id: string;
  link: string;
}
const invite = (changes: object = {}) =>
  test.post<Shown>('/api/invites', { name: 'The lab', days: 7, maxUses: 2, ...changes }, test.owner);
const tokenIn = ({ link }: Shown) => new URL(link).hash.slice(1);
const join_ = (token: string, options: { name?: string; cookie?: string } = {}) =>
  test.request('/api/session/join', {
    method: 'POST',
    body: { token, name: options.name ?? 'Ada' },
    token: options.cookie,
  });
const sessionOf = (response: Response) => /=([^;]+)/.exec(response.headers.getSetCookie()[0] ?? '')?.[1] ?? '';
const raterOf = async (token: string) => (await test.studio.sessions.identify(token))?.rater;
const isIn = async (token: string) => (await test.request('/api/labelling/standing', { token })).status === 200;

/** Lets a new rater answer every query with one label for all images. */
async function judgeAll(name: string, labels: ('good' | 'bad')[]): Promise<string> {
  const session = sessionOf(await join_(tokenIn(await invite()), { name }));
  const { queries } = await test.post<{ queries: { id: string }[] }>('/api/labelling/lease', { count: 10 }, session);
  for (const { id: query } of queries) {
    await test.post('/api/labelling/answers', { id: randomUUID(), query, labels, seconds: 2 }, session);
  }
  return session;
}

describe('an invite', () => {
  it('lets as many in as it says, each as somebody new, who may label and no more', async () => {
    const made = await invite();
    expect(made.link).toMatch(new RegExp(`^${TEST_ORIGIN}/join#`));
    const [one, two, three] = [await join_(tokenIn(made)), await join_(tokenIn(made)), await join_(tokenIn(made))];
    expect([one.status, two.status, three.status]).toEqual([200, 200, 401]);
    const session = sessionOf(one);
    expect(await isIn(session)).toBe(true);
    expect((await test.request('/api/overview', { token: session })).status).toBe(404);
    expect((await test.request('/api/invites', { token: session })).status).toBe(404);
  });

  it('for one person leads back to their own answers, in the same browser and on another device', async () => {
    const made = await invite({ maxUses: 1 });
    const first = await join_(tokenIn(made));
    const rater = await raterOf(sessionOf(first));
    const again = await join_(tokenIn(made), { cookie: sessionOf(first) });
    expect([again.status, again.headers.getSetCookie()]).toEqual([200, []]);
    expect(await raterOf(sessionOf(await join_(tokenIn(made), { name: 'Ada again' })))).toBe(rater);
    const { uses } = (await test.studio.invites.find(made.id))!;
    expect(uses).toBe(1);
  });

  it('for several tells who comes again in the same browser from somebody else there', async () => {
    const made = await invite({ maxUses: 3 });
    const ada = sessionOf(await join_(tokenIn(made), { name: 'Ada' }));
    expect((await join_(tokenIn(made), { name: '\u202EAda ', cookie: ada })).headers.getSetCookie()).toEqual([]);
    const bea = await join_(tokenIn(made), { name: 'Bea', cookie: ada });
    expect(await raterOf(sessionOf(bea))).not.toBe(await raterOf(ada));
    // Ada's session lives on beside Bea's.
    expect(await isIn(ada)).toBe(true);
  });

  it('gives each rater a link of their own for another device, until the invite is revoked', async () => {
    const made = await invite({ maxUses: 3 });
    const session = sessionOf(await join_(tokenIn(made), { name: 'Ada' }));
    const about = (await (await test.request('/api/session', { token: session })).json()) as { returnLink: string };
    const token = new URL(about.returnLink).hash.slice(1);
    const look = await test.request('/api/session/invite', { method: 'POST', body: { token } });
    expect(await look.json()).toMatchObject({ state: 'back', name: 'Ada' });
    const back = await test.request('/api/session/join', { method: 'POST', body: { token } });
    expect(await raterOf(sessionOf(back))).toBe(await raterOf(session));
    const forged = token.replace('.rater-', '.rater-0');
    expect((await test.request('/api/session/join', { method: 'POST', body: { token: forged } })).status).toBe(401);
    await test.post(`/api/invites/${made.id}/revoke`, {}, test.owner);
    expect((await test.request('/api/session/join', { method: 'POST', body: { token } })).status).toBe(401);
  });

  it('says of each link that lets nobody in why', async () => {
    const codeOf = async (token: string) =>
      (
        (await (await test.request('/api/session/invite', { method: 'POST', body: { token } })).json()) as {
          code?: string;
        }
      ).code;
    const [used, old, revoked] = [await invite({ maxUses: 2 }), await invite(), await invite()];
    for (let i = 0; i < 2; i++) await join_(tokenIn(used));
    await test.studio.database.db.execute(
      sql`update invites set expires_at = now() - interval '1 second' where id = ${old.id}`,
    );
    const session = sessionOf(await join_(tokenIn(revoked)));
    await test.post(`/api/invites/${revoked.id}/revoke`, {}, test.owner);
    expect(await Promise.all([used, old, revoked].map((made) => codeOf(tokenIn(made))))).toEqual([
      'used-link',
      'expired-link',
      'revoked',
    ]);
    expect(await codeOf('half.a-link')).toBe('broken-link');
    // And the page that was open is told as well.
    const asked = await test.request('/api/labelling/standing', { token: session });
    expect([asked.status, await asked.json()]).toEqual([401, { error: 'log in first', code: 'revoked' }]);
    const about = await test.request('/api/session', { token: session });
    expect(await about.json()).toEqual({ role: 'anonymous', why: 'revoked' });
  });

  it('lets in forty people from one address in a minute, and a stranger’s guesses change nothing', async () => {
    const strict = await openTestStudio(await makeDrawnProject(join(folder, 'class'), { prompts: 1 }));
    const made = await strict.post<Shown>('/api/invites', { name: 'Class', days: 1, maxUses: 60 }, strict.owner);
    const come = (token: string, name: string) =>
      strict.request('/api/session/join', { method: 'POST', body: { token, name } });
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) {
      statuses.push((await come(tokenIn(made), `Rater ${i}`)).status);
      if (i % 2 === 0) await come(`guess${i}.x`, 'Eve');
    }
    expect(statuses).toEqual(Array(40).fill(200));
    expect((await come('guess.x', 'Eve')).status).toBe(429);
    await strict.close();
  });

  it('is for what it says: labelling, comparisons, or both', async () => {
    const can = async (purpose: string | undefined) => {
      const made = await invite(purpose === undefined ? {} : { purpose });
      const token = sessionOf(await join_(tokenIn(made), { name: `For ${purpose}` }));
      const statuses = await Promise.all(
        ['labelling', 'comparing'].map(async (kind) => (await test.request(`/api/${kind}/standing`, { token })).status),
      );
      return statuses;
    };
    expect(await can('labelling')).toEqual([200, 404]);
    expect(await can('comparison')).toEqual([404, 200]);
    expect(await can('both')).toEqual([200, 200]);
    expect(await can(undefined)).toEqual([200, 200]);
  });

  it('that two take at once has no use too many', async () => {
    const made = await invite({ maxUses: 3 });
    const all = await Promise.all(Array.from({ length: 12 }, () => join_(tokenIn(made))));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(3);
  });

  it('ends by revoking, with its sessions, and with its time', async () => {
    const made = await invite();
    const session = sessionOf(await join_(tokenIn(made)));
    await test.post(`/api/invites/${made.id}/revoke`, {}, test.owner);
    expect(await isIn(session)).toBe(false);
    expect((await join_(tokenIn(made))).status).toBe(401);
    const old = await invite();
    await test.studio.database.db.execute(
      sql`update invites set expires_at = now() - interval '1 second' where id = ${old.id}`,
    );
    expect((await join_(tokenIn(old))).status).toBe(401);
  });

  it('cannot be made up', async () => {
    const [id, tag] = tokenIn(await invite()).split('.') as [string, string];
    const other = tokenIn(await invite()).split('.') as [string, string];
    for (const token of [
      '',
      id,
      `${id}.`,
      `${id}.${other[1]}`,
      `${other[0]}.${tag}`,
      `${id}.${'A'.repeat(tag.length)}`,
    ]) {
      expect([token, (await join_(token)).status]).toEqual([token, 401]);
    }
    for (const body of [{ name: '' }, { days: 0 }, { days: 1000 }, { maxUses: 0 }, { role: 'owner' }]) {
      const response = await test.request('/api/invites', {
        method: 'POST',
        token: test.owner,
        body: { name: 'x', days: 1, maxUses: 1, ...body },
      });
      expect([body, response.status]).toEqual([body, 400]);
    }
  });
});

describe('raters', () => {
  it('are summed up, their agreement measured, and set aside without losing a word', async () => {
    await judgeAll('Ben', ['good', 'good', 'bad']);
    await judgeAll('Cleo', ['good', 'good', 'bad']);
    await judgeAll('Random <b>Dan</b>', ['bad', 'good', 'good']);
    const read = async () =>
      (await (await test.request('/api/raters', { token: test.owner })).json()) as {
        raters: { id: string; name: string; queries: number; withOthers?: number; isSetAside: boolean }[];
        agreement: { images: number; alpha: number; kappa: number; raw: number };
      };
    const { raters, agreement } = await read();
    const dan = raters.find(({ name }) => name === 'Random <b>Dan</b>')!;
    expect(raters.find(({ name }) => name === 'Ben')).toMatchObject({ queries: 8, comparisons: 0, withOthers: 1 });
    // The first image: good good bad; the second: all good; the third: bad bad good.
    expect(agreement.images).toBe(24);
    expect(agreement.raw).toBeCloseTo((1 / 3 + 1 + 1 / 3) / 3, 12);
    expect(dan.withOthers).toBeCloseTo(1 / 3, 12);

    const labels = async () =>
      (await readLabels(project, test.studio.images.current().all())).map(({ label }) => label);
    expect(new Set(await labels())).toEqual(new Set([1, 2 / 3, 1 / 3]));
    await test.post(`/api/raters/${dan.id}/set-aside`, {}, test.owner);
    expect(new Set(await labels())).toEqual(new Set([1, 0]));
    expect((await read()).agreement.alpha).toBe(1);
    await test.post(`/api/raters/${dan.id}/take-back`, {}, test.owner);
    expect(new Set(await labels())).toEqual(new Set([1, 2 / 3, 1 / 3]));
  });
});

describe('the owner sees', () => {
  it('images by what people said of them, a page at a time', async () => {
    const count = async (query: string) => {
      const response = await test.request(`/api/images?${query}`, { token: test.owner });
      return response.ok ? ((await response.json()) as { total: number }).total : response.status;
    };
    expect(await count('')).toBe(24);
    expect(await count('label=disputed')).toBe(16);
    expect(await count('label=good')).toBe(16);
    expect(await count('label=none')).toBe(0);
    expect(await count('rater=nobody')).toBe(0);
    expect(await count('prompt=%27%3B--')).toBe(0);
    expect(await count('label=great')).toBe(400);
    expect(await count('password=x')).toBe(400);
  });

  it('what is next', async () => {
    const response = await test.request('/api/overview', { token: test.owner });
    expect(await response.json()).toMatchObject({
      images: 24,
      prompts: 8,
      models: ['base'],
      next: { title: 'Train the reward', job: 'reward' },
    });
  });

  it('every judgement in the table or beside it, also of an image that is set aside', async () => {
    const get = async (path: string) => (await (await test.request(path, { token: test.owner })).json()) as never;
    const counts = async () => {
      const { categories, elsewhere } = (await get('/api/overview')) as Overview;
      const { byPeople, simulated } = (await get('/api/overview/judges')) as Judges;
      expect(elsewhere.reduce((sum, { judgements }) => sum + judgements, categories.at(-1)!.judgements)).toBe(
        byPeople + simulated,
      );
      return { inTable: categories.at(-1)!.judgements, elsewhere };
    };
    expect(await counts()).toEqual({ inTable: 72, elsewhere: [] });
    const { images } = (await get('/api/images')) as { images: { name: string }[] };
    const change = (event: string) => test.post(`/api/image/${images[0]!.name}/events`, { event }, test.owner);
    await change('set-aside');
    expect(await counts()).toEqual({ inTable: 69, elsewhere: [{ judgements: 3 }] });
    await change('taken-back');
    expect(await counts()).toEqual({ inTable: 72, elsewhere: [] });
  });

  it('no owner among the people who has not judged', async () => {
    await test.post('/api/owners', { name: 'Olga' }, test.owner);
    const { raters } = (await (await test.request('/api/raters', { token: test.owner })).json()) as {
      raters: { name: string }[];
    };
    expect(raters.map(({ name }) => name)).toContain('Ben');
    expect(raters.map(({ name }) => name)).not.toContain('Olga');
  });

  it('reports of the folder alone, where no script can run', async () => {
    await mkdir(project.paths.reports, { recursive: true });
    await writeFile(join(project.paths.reports, 'evaluate-0001.html'), '<script>1</script>');
    const get = (name: string) => test.request(`/api/reports/${name}`, { token: test.owner });
    const report = await get('evaluate-0001');
    expect(report.status).toBe(200);
    expect(report.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*; sandbox$/);
    for (const name of ['..%2fheed.toml', 'evaluate-0001.html', '%2e%2e', 'none']) {
      expect([name, (await get(name)).status]).toEqual([name, 404]);
    }
  });
});

describe('a rater’s agreement over time', () => {
  it('is with the same people as in the summary, whatever programs say', async () => {
    const { raters } = (await (await test.request('/api/raters', { token: test.owner })).json()) as {
      raters: { id: string; name: string; withOthers: number }[];
    };
    const { id, withOthers } = raters.find(({ name }) => name === 'Random <b>Dan</b>')!;
    const agreement = async () => {
      const { answers } = (await (await test.request(`/api/raters/${id}`, { token: test.owner })).json()) as {
        answers: { images: { isWithOthers?: boolean }[] }[];
      };
      const verdicts = answers.flatMap(({ images }) => images.flatMap(({ isWithOthers }) => isWithOthers ?? []));
      return verdicts.filter(Boolean).length / verdicts.length;
    };
    expect(await agreement()).toBeCloseTo(withOthers, 12);
    const own = (await test.studio.log.read()).filter((event) => event.rater === id);
    const agreed = ['program-1', 'program-2', 'program-3'].flatMap((rater) =>
      own.map((event): FeedbackEvent => {
        const { query, image, prompt, model, label, time } = event;
        return {
          id: eventId({ query, rater, image }),
          time,
          rater,
          raterKind: 'simulated',
          query,
          image,
          prompt,
          model,
          label,
        };
      }),
    );
    await test.studio.desk.takeIn(() => agreed);
    expect(await agreement()).toBeCloseTo(withOthers, 12);
  });
});
