/** Commands that were started from the pages: how each ended, how long it took, its memory, and what it said. */

import type { Job } from '@heed/studio-api';
import { useCallback, useState } from 'react';
import { api, read } from '../api/client.ts';
import { timeText } from '../parts/moment-text.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { useData } from '../parts/use-data.ts';
import { loadJobs } from './runs-api.ts';

const PROMPT_OPTION = '--prompt=';
const COLUMNS = ['Command', 'State', 'Begun', 'Took', 'Memory, at most', 'Log'] as const;

export function JobHistory() {
  const { data } = useData(loadJobs);
  const [open, setOpen] = useState<string>();
  if (data === undefined || data.jobs.length === 0) return null;
  const jobs = data.jobs as Job[];
  const shown = jobs.find(({ id }) => id === open);
  return (
    <section>
      <h2>Commands started here</h2>
      <TableFrame label="Commands">
        <table className="table">
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <tr key={job.id}>
                <th scope="row">
                  {job.kind} <bdi>{job.kind === 'try' ? triedPrompt(job) : job.name}</bdi>
                </th>
                <td>
                  <span className={`tag is-${job.state}`}>{job.state}</span>
                </td>
                <td>{timeText(job.startedAt)}</td>
                <td>{job.endedAt === undefined ? '–' : duration(job.startedAt, job.endedAt)}</td>
                <td>{job.memory === undefined ? '–' : megabytes(job.memory.peakBytes)}</td>
                <td>
                  <button
                    type="button"
                    className="button small"
                    aria-expanded={job.id === open}
                    onClick={() => setOpen(job.id === open ? undefined : job.id)}
                  >
                    Log<span className="visually-hidden"> of {job.kind}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {shown && <JobLog key={shown.id} job={shown} />}
    </section>
  );
}

function JobLog({ job }: { job: Job }) {
  const { data, problem } = useData(
    useCallback(() => read(api.jobs[':id'].log.$get({ param: { id: job.id } })), [job.id]),
  );
  const lines = data?.lines ?? [];
  return (
    <section className="stack">
      <h3>Log of {job.kind}</h3>
      {job.settings.length > 0 && <p className="soft">With {job.settings.join(', ')}.</p>}
      {job.error !== undefined && <p className="status-problem">{job.error}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label="Log" className="config-text">
        <pre>{problem ?? (lines.join('').length === 0 ? 'Nothing is kept of it.' : lines.join('\n'))}</pre>
      </section>
    </section>
  );
}

/** What was tried; the name of a try is a random id. */
function triedPrompt({ args = [] }: Job): string | undefined {
  return args.find((arg) => arg.startsWith(PROMPT_OPTION))?.slice(PROMPT_OPTION.length);
}

function duration(from: string, to: string): string {
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function megabytes(bytes: number): string {
  return bytes < 2e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
