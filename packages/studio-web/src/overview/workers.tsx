/** The processes that take jobs: this studio, and `heed worker` on other machines. */

import type { Job, WorkerStatus } from '@heed/studio-api';
import { useEffect, useState } from 'react';
import { api, read } from '../api/client.ts';
import { timeText } from '../parts/moment-text.ts';
import { TableFrame } from '../parts/table-frame.tsx';

const EVERY_MS = 5000;

/** Shown where others than the studio take jobs. */
export function Workers() {
  const [now, setNow] = useState<{ jobs: Job[]; workers: WorkerStatus[] }>();
  useEffect(() => {
    const load = () =>
      read(api.jobs.$get()).then(
        (status) => setNow(status as typeof now),
        () => {},
      );
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const workers = now?.workers ?? [];
  if (!workers.some(({ isStudio }) => !isStudio)) return null;
  return (
    <section>
      <h2>Workers</h2>
      <TableFrame label="Workers">
        <table className="table">
          <thead>
            <tr>
              {['Host', 'Works on', 'Process', 'Since'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {workers.map(({ host, pid, since, isStudio, job }) => (
              <tr key={`${host} ${pid}`}>
                <th scope="row">
                  {host} {isStudio && <span className="tag">this studio</span>}
                </th>
                <td>{workOf(now?.jobs.find(({ id }) => id === job))}</td>
                <td>{pid}</td>
                <td>{timeText(since)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="soft">The studio runs no commands itself while another worker is there.</p>
    </section>
  );
}

function workOf(job: Job | undefined): string {
  if (job === undefined) return '\u2013';
  const { kind, name, progress } = job;
  const what = name === undefined ? kind : `${kind} ${name}`;
  return progress === undefined ? what : `${what}: ${progress.done} of ${progress.total}`;
}
