/** Raters who label at a given rate over HTTP, each by a separate clock that does not wait for answers to others. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const LEASED_AT_ONCE = 5;

export interface LoadResult {
  readonly seconds: number;
  readonly sent: number;
  /** Ids of the answers that were acknowledged. */
  readonly acknowledged: readonly string[];
  /** Status -> how often. 0 is a connection that broke. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Milliseconds from when an answer was due until its acknowledgement. */
  readonly answerMs: readonly number[];
  readonly leaseMs: readonly number[];
}

export interface LoadOptions {
  readonly origin: string;
  /** The cookie's name. */
  readonly cookie: string;
  readonly tokens: readonly string[];
  readonly labelsPerSecond: number;
  readonly seconds: number;
}

export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { origin, cookie, tokens, labelsPerSecond, seconds } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: tokens.length });
  const acknowledged: string[] = [];
  const statuses: Record<number, number> = {};
  const answerMs: number[] = [];
  const leaseMs: number[] = [];
  let sent = 0;
  const post = (path: string, { token, body }: { token: string; body: unknown }) =>
    new Promise<{ status: number; text: string }>((resolve) => {
      const call = request(
        `${origin}/api/labelling/${path}`,
        {
          method: 'POST',
          agent,
          headers: { Origin: origin, Cookie: `${cookie}=${token}`, 'Content-Type': 'application/json' },
        },
        (response) => {
          let text = '';
          response.on('data', (part) => {
            text += part;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
          response.on('error', () => resolve({ status: 0, text: '' }));
        },
      );
      call.on('error', () => resolve({ status: 0, text: '' }));
      call.end(JSON.stringify(body));
    });
  const count = (status: number) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const begin = performance.now();
  const everyMs = (1000 * tokens.length) / labelsPerSecond;
  const rater = async (token: string, index: number) => {
    const held: string[] = [];
    for (let turn = 0; ; turn++) {
      const dueMs = begin + (index / tokens.length + turn) * everyMs;
      if (dueMs - begin >= 1000 * seconds) return;
      await sleep(Math.max(0, dueMs - performance.now()));
      if (held.length === 0) {
        const from = performance.now();
        const { status, text } = await post('lease', { token, body: { count: LEASED_AT_ONCE } });
        count(status);
        if (status !== 200) continue;
        leaseMs.push(performance.now() - from);
        held.push(...(JSON.parse(text) as { queries: { id: string }[] }).queries.map(({ id }) => id));
      }
      const query = held.shift();
      if (query === undefined) continue;
      const id = randomUUID();
      const from = performance.now();
      sent += 1;
      const { status } = await post('answers', { token, body: { id, query, labels: ['good', 'bad', 'bad'] } });
      count(status);
      answerMs.push(performance.now() - from);
      if (status === 200) acknowledged.push(id);
    }
  };
  await Promise.all(tokens.map(rater));
  agent.destroy();
  return { seconds: (performance.now() - begin) / 1000, sent, acknowledged, statuses, answerMs, leaseMs };
}

/** The value that `share` of the list is no larger than. */
export function percentile(list: readonly number[], share: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
