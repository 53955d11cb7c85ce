/** The loop at a glance, and the next useful thing to do. */

import { api, read } from '../api/client.ts';
import { countText } from '../parts/count-text.ts';
import { timeText } from '../parts/moment-text.ts';
import { Page, percent } from '../parts/page.tsx';
import { followLink } from '../parts/router.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { useData } from '../parts/use-data.ts';
import { elsewhereText } from './elsewhere-text.ts';
import { JobForm } from './job-form.tsx';
import { JobPanel } from './job-panel.tsx';
import { useJob } from './job-watch.ts';
import { Workers } from './workers.tsx';

const load = () => read(api.overview.$get());
type OverviewData = Awaited<ReturnType<typeof load>>;

export function OverviewPage() {
  const { data, problem, reload } = useData(load);
  const { job, isBusy, start, stop, ...watch } = useJob(reload);
  const next = data?.next;
  return (
    <Page title="Overview" hasFigures problem={problem ?? watch.problem} isLoading={data === undefined}>
      {data && next && (
        <>
          <section className="panel next" aria-label="Next">
            <div>
              <h2>{next.title}</h2>
              <p className="soft">{next.why}</p>
            </div>
            {next.page !== undefined && (
              <a className="button primary push" href={next.page} onClick={followLink}>
                {next.title}
              </a>
            )}
            {next.job !== undefined && (
              <button
                type="button"
                className="button primary push"
                disabled={isBusy}
                onClick={() => next.job && start(next.job, { settings: [...(next.settings ?? [])] })}
              >
                {next.title}
              </button>
            )}
          </section>
          {job && <JobPanel job={job} onStop={stop} />}
          <Workers />
          <Counts data={data} />
          <Labels data={data} />
          <Rewards rewards={data.rewards} isBusy={isBusy} onTrain={() => start('reward')} />
          <Commands isBusy={isBusy} onStart={start} />
        </>
      )}
    </Page>
  );
}

const COMMANDS = [
  ['generate', 'Draw images'],
  ['evaluate', 'Evaluate'],
  ['report', 'Write the report'],
] as const;

/** Jobs without a separate page. */
function Commands({ isBusy, onStart }: { isBusy: boolean; onStart: Parameters<typeof JobForm>[0]['onStart'] }) {
  return (
    <section>
      <h2>Commands</h2>
      {COMMANDS.map(([kind, title]) => (
        <JobForm key={kind} kind={kind} title={title} isBusy={isBusy} onStart={onStart} />
      ))}
      <p className="soft">
        The same as <code>npx heed generate</code> and so on, in a process of their own; what is stopped is kept. The
        reward and the model are trained on <a href="/rewards">Rewards</a> and <a href="/training">Training</a>.
      </p>
    </section>
  );
}

function Counts({ data }: { data: OverviewData }) {
  const all = data.categories.at(-1);
  const counts = [
    ['Prompts', data.prompts],
    ['Images', data.images],
    ['Judged', all?.judged ?? 0],
    ['Rewards', data.rewards.length],
    ['Models', data.models.length],
    ['Reports', data.reports.length],
  ] as const;
  return (
    <dl className="counts">
      {counts.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{countText(count)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Labels({ data: { categories, elsewhere, set } }: { data: OverviewData }) {
  return (
    <section>
      <h2>Judgements</h2>
      <TableFrame label="Judgements by category">
        <table className="table">
          <thead>
            <tr>
              {['Category', 'Images', 'Judged', 'Judgements', 'Good', 'Bad', 'Skipped'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {categories.map(({ category, images, judged, judgements, good, bad, skip }) => (
              <tr key={category}>
                <th scope="row">{category}</th>
                <td>{countText(images)}</td>
                <td>{countText(judged)}</td>
                <td>{countText(judgements)}</td>
                {[good, bad, skip].map((share, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the columns do not move
                  <td key={i}>{judgements === 0 ? '–' : percent(share)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {elsewhere.length > 0 && <p className="soft">{elsewhereText(set, elsewhere)}</p>}
      <p className="soft">In the paper, 46.5 % were good, 48.5 % bad and 5 % skipped.</p>
    </section>
  );
}

interface RewardsProps {
  rewards: OverviewData['rewards'];
  isBusy: boolean;
  onTrain: () => void;
}

function Rewards({ rewards, isBusy, onTrain }: RewardsProps) {
  return (
    <section>
      <div className="row">
        <h2>Rewards</h2>
        <button type="button" className="button small push" disabled={isBusy} onClick={onTrain}>
          {rewards.length === 0 ? 'Train the reward' : 'Train again'}
        </button>
      </div>
      {rewards.length === 0 ? (
        <p className="soft">None yet. A reward learns to judge as people do.</p>
      ) : (
        <TableFrame label="Rewards">
          <table className="table">
            <thead>
              <tr>
                {['Name', 'Trained', 'Learned from', 'Accuracy', 'CLIP score', 'Pairs'].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rewards.map(({ name, trainedAt, images, accuracy, warning, isBehind }) => (
                <tr key={name}>
                  <th scope="row">
                    {name} {isBehind && <span className="tag is-stopped">behind the labels</span>}
                    {warning !== undefined && <span className="tag is-failed">not better than CLIP score</span>}
                  </th>
                  <td>{timeText(trainedAt)}</td>
                  <td>{images.training} images</td>
                  <td>{percent(accuracy.seen.aux)}</td>
                  <td>{percent(accuracy.seen.clip)}</td>
                  <td>{accuracy.seen.n}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </section>
  );
}
