// A studio that takes many judgements (row 36 of the fault table) keeps no more memory and no more open files for it.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openStudio } from '../packages/heed/src/studio/studio.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { startStudioProcess } from './studio-process.ts';

/** A million in all; the ordinary run takes a sample. */
const LABELS = process.env.HEED_FAULT_TENTHS === undefined ? 6_000 : 100_000 * Number(process.env.HEED_FAULT_TENTHS);
const IMAGES_PER_QUERY = 10;
const RATERS = 40;
const IMAGES_PER_PROMPT = 50;
const PROMPTS = Math.ceil(LABELS / RATERS / IMAGES_PER_PROMPT);
/** Until then caches fill and code is compiled. */
const WARM_SHARE = 0.3;
const GROWTH = 0.1;
const LOOK_EVERY_MS = 50;

interface Look {
  readonly answers: number;
  readonly megabytes: number;
  readonly files: number;
}

/** Files and sockets that are open, the tables' own left out: PostgreSQL keeps those that it may need again. */
function openFiles(pid: number): number {
  const targets = readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return 'closed meanwhile';
    }
  });
  return targets.filter((target) => target !== 'closed meanwhile' && !target.includes('/pglite/')).length;
}

const status = (pid: number) => readFileSync(`/proc/${pid}/status`, 'latin1');
const smallest = (looks: readonly Look[], figure: 'megabytes' | 'files') =>
  Math.min(...looks.map((look) => look[figure]));

it.runIf(process.platform === 'linux')(
  `takes ${LABELS} labels without growing`,
  { timeout: 600_000 + 4 * LABELS },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'heed-soak-'));
    const project = await makeDrawnProject(join(folder, 'p'), {
      prompts: PROMPTS,
      imagesPerPrompt: IMAGES_PER_PROMPT,
      overrides: [`label.ratersPerQuery=${RATERS}`, `label.imagesPerQuery=${IMAGES_PER_QUERY}`, 'label.repeatShare=0'],
    });
    const opened = await openStudio(project);
    const tokens: string[] = [];
    for (let i = 0; i < RATERS; i++) tokens.push(await opened.sessions.start({ role: 'rater', rater: `rater-${i}` }));
    await opened.close();

    const studio = await startStudioProcess(project.folder);
    try {
      const pid = studio.child.pid!;
      const cookieName = (await studio.login()).split('=')[0]!;
      const agent = new Agent({ keepAlive: true, maxSockets: RATERS });
      const call = (token: string, path: string, body?: unknown) =>
        new Promise<{ status: number; text: string }>((resolve, reject) => {
          const headers = {
            Origin: studio.origin,
            Cookie: `${cookieName}=${token}`,
            'Content-Type': 'application/json',
          };
          const method = body === undefined ? 'GET' : 'POST';
          const sent = request(`${studio.origin}/api/${path}`, { agent, method, headers }, (response) => {
            let text = '';
            response.setEncoding('latin1').on('data', (part) => {
              text += part;
            });
            response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
            response.on('error', reject);
          });
          sent.on('error', reject);
          sent.end(body === undefined ? undefined : JSON.stringify(body));
        });

      let answers = 0;
      const rater = async (token: string) => {
        for (;;) {
          const leased = await call(token, 'labelling/lease', { count: 10 });
          if (leased.status === 503) continue;
          const { queries } = JSON.parse(leased.text) as { queries: { id: string; images: { name: string }[] }[] };
          if (queries.length === 0) return;
          expect((await call(token, `pictures/${queries[0]!.images[0]!.name}`)).status).toBe(200);
          for (const { id: query, images } of queries) {
            const body = { id: randomUUID(), query, labels: images.map((_, i) => (i % 2 === 0 ? 'good' : 'bad')) };
            let taken = await call(token, 'labelling/answers', body);
            while (taken.status === 503) taken = await call(token, 'labelling/answers', body);
            expect(taken.status).toBe(200);
            answers += 1;
          }
        }
      };
      const looks: Look[] = [];
      const labelling = Promise.all(tokens.map(rater));
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      labelling.then(end, end);
      while (!isOver) {
        const megabytes = Number(/VmRSS:\s+(\d+) kB/.exec(status(pid))![1]) / 1024;
        looks.push({ answers, megabytes, files: openFiles(pid) });
        await sleep(LOOK_EVERY_MS);
      }
      await labelling;
      agent.destroy();
      expect(answers * IMAGES_PER_QUERY).toBe(PROMPTS * IMAGES_PER_PROMPT * RATERS);
      const warm = looks.filter((look) => look.answers >= WARM_SHARE * answers);
      const third = Math.floor(warm.length / 3);
      const [early, late] = [warm.slice(0, third), warm.slice(-third)];
      const megabytes = [smallest(early, 'megabytes'), smallest(late, 'megabytes')] as const;
      const files = [smallest(early, 'files'), smallest(late, 'files')] as const;
      console.log(
        `${answers * IMAGES_PER_QUERY} labels: ${megabytes.map(Math.round).join(' -> ')} MB, ${files.join(' -> ')} files`,
      );
      expect(megabytes[1]).toBeLessThan(megabytes[0] * (1 + GROWTH));
      expect(files[1]).toBeLessThanOrEqual(files[0]);
      expect(await studio.stop()).toBe(0);
    } finally {
      await studio.stop();
      await rm(folder, { recursive: true });
    }
  },
);
