/**
 * A rater who judges over the HTTP API as a page does: with retries, and with the same id for the same answer.
 * For tests alone.
 */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StudyAddress {
  /** 'study.lan': a name that nothing but the test knows. */
  readonly host: string;
  readonly port: number;
}

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly cookies: readonly string[];
}

export interface StudyRater {
  readonly name: string;
  /** Ids of the answers that the server acknowledged. */
  readonly acknowledged: Set<string>;
  code?: string | undefined;
  /** Why the rater could not go on. */
  end?: string | undefined;
}

/** Longer than any restart takes. */
const MAX_TURNS = 300;

const agent = new Agent({ keepAlive: true, maxSockets: 200 });

/** One POST or GET from this machine to the studio under its name; status 0 where there is no answer. */
export function ask(
  { host, port }: StudyAddress,
  path: string,
  { body, cookie }: { body?: object; cookie?: string } = {},
): Promise<Reply> {
  return new Promise((resolve) => {
    const none = () => resolve({ status: 0, body: {}, cookies: [] });
    const call = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path: `/api/${path}`,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          Host: `${host}:${port}`,
          Origin: `http://${host}:${port}`,
          'Content-Type': 'application/json',
          ...(cookie === undefined ? {} : { Cookie: cookie }),
        },
      },
      (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('error', none);
        response.on('end', () => {
          const cookies = (response.headers['set-cookie'] ?? []).map((each) => each.split(';')[0]!);
          resolve({ status: response.statusCode ?? 0, body: parse(text), cookies });
        });
      },
    );
    call.on('error', none);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Joins by the link and judges until there is a completion code or the invitation ends. */
export async function judgeByApi(
  address: StudyAddress,
  options: { link: string; name: string; joinAfterMs: number; pauseMs: () => number },
): Promise<StudyRater> {
  const { link, name, joinAfterMs, pauseMs } = options;
  const rater: StudyRater = { name, acknowledged: new Set() };
  const insist = async (path: string, more: { body?: object; cookie?: string } = {}): Promise<Reply> => {
    for (let turn = 0; ; turn++) {
      const reply = await ask(address, path, more);
      if (reply.status !== 0 && reply.status !== 429 && reply.status < 500) return reply;
      if (turn > MAX_TURNS) throw new Error(`${name}: ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
      await sleep(300);
    }
  };
  await sleep(joinAfterMs);
  const joined = await insist('session/join', {
    body: { token: new URL(link).hash.slice(1), name, session: randomUUID() },
  });
  if (joined.status !== 200) return { ...rater, end: `join: ${joined.status} ${joined.body.error}` };
  const cookie = joined.cookies[0]!;
  for (;;) {
    const leased = await insist('labelling/lease', { body: { count: 3, page: name }, cookie });
    if (leased.status !== 200) return { ...rater, end: String(leased.body.code) };
    const queries = leased.body.queries as { id: string }[];
    for (const { id: query } of queries) {
      await sleep(pauseMs());
      const id = randomUUID();
      const body = { id, query, labels: ['good', 'bad', 'good'], seconds: 1 };
      const reply = await insist('labelling/answers', { body, cookie });
      if (reply.status === 200) rater.acknowledged.add(id);
      else if (reply.status === 401) return { ...rater, end: String(reply.body.code) };
    }
    if (queries.length > 0) continue;
    const { body } = await insist('labelling/standing', { cookie });
    const { completion } = body as { completion?: { code: string } };
    if (completion) return { ...rater, code: completion.code };
    await sleep(1000);
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
