/** Queries that are to be judged before all others: what waits, and adding to it. */
import { useCallback, useState } from 'react';
import { api, read } from '../api/client.ts';
import { followLink } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';

const load = () => read(api.queue.$get());
type QueueData = Awaited<ReturnType<typeof load>>;

export interface Queue {
  data?: QueueData;
  problem?: string;
  /** Pictures that wait by now. */
  has: (picture: string) => boolean;
  add: (pictures: string[]) => void;
  clear: () => void;
  reload: () => void;
}

export function useQueue(): Queue {
  const { data, problem, reload } = useData(load);
  const [failure, setFailure] = useState<string>();
  const after = useCallback(
    (work: Promise<unknown>) => {
      work.then(
        () => {
          setFailure(undefined);
          reload();
        },
        (error: Error) => setFailure(error.message),
      );
    },
    [reload],
  );
  const said = failure ?? problem;
  return {
    ...(data === undefined ? {} : { data }),
    ...(said === undefined ? {} : { problem: said }),
    has: (picture) => data?.pictures.includes(picture) ?? false,
    add: useCallback((pictures) => after(read(api.queue.$post({ json: { pictures } }))), [after]),
    reload,
    clear: useCallback(() => after(read(api.queue.clear.$post())), [after]),
  };
}

export function QueuePanel({ queue }: { queue: Queue }) {
  const { data } = queue;
  if (!data || data.queries === 0) return null;
  const others = data.queries - data.forYou;
  return (
    <section className="panel next" aria-label="To be judged first">
      <div>
        <h2>
          {data.queries} {data.queries === 1 ? 'query waits' : 'queries wait'} to be judged first
        </h2>
        <p className="soft">
          {data.forYou === 0
            ? 'You have judged them, or another rater has them; the next rater is asked.'
            : others === 0
              ? 'Whoever labels next is asked them before all others.'
              : `${data.forYou} of them are new to you; the others wait for another rater.`}
        </p>
      </div>
      <button type="button" className="button push" onClick={queue.clear}>
        Let them go
      </button>
      {data.forYou > 0 && (
        <a className="button primary" href="/label" onClick={followLink}>
          Judge them
        </a>
      )}
    </section>
  );
}
