/** A labelling server in memory, with heed's rules for ids, retractions, leases and pages. For tests alone. */
import { ApiError } from '../api/client.ts';
import type { Acknowledged, LabellingEntry } from '../labelling/entries.ts';
import type { LabellingApi, LeasedQuery } from '../labelling/labelling-api.ts';

interface Lease {
  readonly query: string;
  readonly rater: string;
  readonly page: string;
  readonly untilMs: number;
}

interface Stored {
  readonly id: string;
  readonly rater: string;
  readonly query: string;
  readonly labels: ('good' | 'bad')[] | null;
  isRetracted: boolean;
}

const LEASE_MS = 30_000;

export function labellingServer(options: {
  queries: number;
  ratersPerQuery: number;
  practice?: number;
  asksBest?: boolean;
}) {
  const { ratersPerQuery, practice = 0, asksBest = false } = options;
  const ids = Array.from({ length: options.queries }, (_, i) => `q${i}`);
  const answers: Stored[] = [];
  let leases: Lease[] = [];
  let isUp = true;
  const standingAnswers = (query: string) => answers.filter((each) => each.query === query && !each.isRetracted);
  const hasAnswered = (rater: string, query: string) => standingAnswers(query).some((each) => each.rater === rater);
  const isPractice = (query: string) => ids.indexOf(query) < practice;
  const live = () => leases.filter(({ untilMs }) => untilMs > Date.now());
  const isFree = (rater: string, query: string) => {
    const others = live().filter((lease) => lease.query === query && lease.rater !== rater).length;
    const own = live().some((lease) => lease.query === query && lease.rater === rater);
    if (own || hasAnswered(rater, query)) return false;
    return isPractice(query) || standingAnswers(query).length + others < ratersPerQuery;
  };
  const hold = (held: Omit<Lease, 'untilMs'>) => {
    leases = leases.filter((lease) => lease.rater !== held.rater || lease.query !== held.query);
    leases.push({ ...held, untilMs: Date.now() + LEASE_MS });
  };
  const check = () => {
    if (!isUp) throw new ApiError(0, 'the studio does not answer');
  };
  const refuse = (status: number, code: string) => new ApiError(status, code, { code, isOfStudio: true });
  const take = (rater: string, entry: LabellingEntry): Acknowledged => {
    const known = answers.find(({ id }) => id === entry.id);
    if (entry.kind === 'retract') {
      if (!known) throw refuse(404, 'gone');
      if (!known.isRetracted) hold({ query: known.query, rater, page: entry.page ?? '' });
      known.isRetracted = true;
      return {};
    }
    if (known) return {};
    if (hasAnswered(rater, entry.query)) throw refuse(409, 'answered');
    answers.push({ id: entry.id, rater, query: entry.query, labels: entry.labels, isRetracted: false });
    leases = leases.filter((lease) => lease.rater !== rater || lease.query !== entry.query);
    if (!isPractice(entry.query)) return {};
    return { practice: { images: [{ given: entry.labels?.[0] ?? 'skip', expected: 'good' }] } };
  };
  return {
    answers,
    standing: () => answers.filter(({ isRetracted }) => !isRetracted),
    held: (rater: string) => live().filter((lease) => lease.rater === rater).length,
    setUp: (up: boolean) => {
      isUp = up;
    },
    api(rater: string, page = rater): LabellingApi {
      return {
        page,
        async standing() {
          check();
          const counted = answers.filter(
            (each) => each.rater === rater && !each.isRetracted && !isPractice(each.query),
          );
          const open = ids.filter(
            (id) => !isPractice(id) && !hasAnswered(rater, id) && standingAnswers(id).length < ratersPerQuery,
          );
          return { answered: counted.length, open: open.length };
        },
        async lease(count) {
          check();
          const held = live().filter((lease) => lease.rater === rater && ['', page].includes(lease.page));
          const asked = [
            ...held.map(({ query }) => query).filter((query) => !hasAnswered(rater, query)),
            ...ids.filter((id) => isFree(rater, id)),
          ].slice(0, count);
          for (const query of asked) hold({ query, rater, page });
          return asked.map(
            (id): LeasedQuery => ({
              id,
              prompt: `prompt of ${id}`,
              isPractice: isPractice(id),
              asksBest,
              images: ['1', '2', '3'].map((n) => ({ name: `${id}-${n}`, width: 64, height: 64 })),
            }),
          );
        },
        release() {
          if (isUp) leases = leases.filter((lease) => lease.rater !== rater || lease.page !== page);
        },
        async shown() {
          check();
          return {};
        },
        async send(entry) {
          check();
          return take(rater, entry);
        },
      };
    },
  };
}
