/** The rewards: how each training compares with CLIP score, how far it can be trusted, and what to have judged next. */

import { useCallback } from 'react';
import { api, read } from '../api/client.ts';
import { JobForm } from '../overview/job-form.tsx';
import { JobPanel } from '../overview/job-panel.tsx';
import { useJob } from '../overview/job-watch.ts';
import { timeText } from '../parts/moment-text.ts';
import { Page, percent } from '../parts/page.tsx';
import { followLink, useAddress } from '../parts/router.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { useData } from '../parts/use-data.ts';
import { QueuePanel, useQueue } from './label-queue.tsx';
import { RewardDetails } from './reward-details.tsx';

const load = () => read(api.rewards.$get());
export type RewardVersion = Awaited<ReturnType<typeof load>>['versions'][number];

export function RewardsPage() {
  const { query } = useAddress();
  const { data, problem, reload } = useData(load);
  const { job, isBusy, start, stop, ...watch } = useJob(reload);
  const queue = useQueue();
  const versions = data?.versions ?? [];
  const chosen = versions.find(({ run }) => run === query.get('run')) ?? versions[0];
  return (
    <Page title="Rewards" hasFigures problem={problem ?? watch.problem ?? queue.problem} isLoading={data === undefined}>
      <p className="soft">
        A reward learns to judge images as people do. It is worth having when it tells a good image from a bad one of
        the same prompt more often than CLIP score does.
      </p>
      <JobForm
        kind="reward"
        title={versions.length === 0 ? 'Train the reward' : 'Train again'}
        isBusy={isBusy}
        isPrimary={versions.length === 0}
        onStart={start}
      />
      {job?.kind === 'reward' && <JobPanel job={job} onStop={stop} />}
      <QueuePanel queue={queue} />
      {versions.length > 0 && <Versions versions={versions} chosen={chosen?.run} />}
      {chosen && <RewardDetails key={`${chosen.run} ${chosen.trainedAt}`} version={chosen} queue={queue} />}
    </Page>
  );
}

function Versions({ versions, chosen }: { versions: RewardVersion[]; chosen: string | undefined }) {
  const hasUnseen = versions.some(({ report }) => report.summary.unseen.n > 0);
  const link = useCallback((run: string) => `/rewards?run=${encodeURIComponent(run)}`, []);
  return (
    <section>
      <h2>Versions</h2>
      <TableFrame label="Versions of the reward">
        <table className="table">
          <thead>
            <tr>
              {[
                'Training',
                'Trained',
                'Learned from',
                'Accuracy',
                'CLIP score',
                'Pairs',
                ...(hasUnseen ? ['Held-out prompts', 'CLIP score', 'Pairs'] : []),
              ].map((name, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the columns do not move
                <th key={i} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {versions.map(({ run, trainedAt, usedAs, report }) => (
              <tr key={run} className={run === chosen ? 'is-chosen' : ''}>
                <th scope="row">
                  <a href={link(run)} onClick={followLink} aria-current={run === chosen ? 'true' : undefined}>
                    {run}
                  </a>{' '}
                  {usedAs.map((name) => (
                    <span key={name} className="tag is-done">
                      {name === 'default' ? 'in use' : `in use as ${name}`}
                    </span>
                  ))}
                </th>
                <td>{timeText(trainedAt)}</td>
                <td>{report.images.training} images</td>
                <td>{percent(report.summary.seen.aux)}</td>
                <td>{percent(report.summary.seen.clip)}</td>
                <td>{report.summary.seen.n}</td>
                {hasUnseen && (
                  <>
                    <td>{percent(report.summary.unseen.aux)}</td>
                    <td>{percent(report.summary.unseen.clip)}</td>
                    <td>{report.summary.unseen.n}</td>
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="soft">
        Accuracy: the share of held-out pairs, one image called good and one called bad of the same prompt, in which the
        good one scores higher. More labels also make more pairs, so two versions differ in what they are measured on,
        too.
      </p>
    </section>
  );
}
