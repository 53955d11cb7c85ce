/** Rounds: the models with parent, data and figures, and the labels that teach most next. */
import { useCallback } from 'react';
import { api, read } from '../api/client.ts';
import { JobPanel } from '../overview/job-panel.tsx';
import { useJob } from '../overview/job-watch.ts';
import { Page } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';
import { QueuePanel, useQueue } from '../rewards/label-queue.tsx';
import { LabelNext } from './label-next.tsx';
import { ModelFigures } from './model-figures.tsx';
import { ModelsTable } from './models-table.tsx';
import { RoundAccuracies } from './round-accuracies.tsx';

const load = () => read(api.rounds.$get());
export type RoundsData = Awaited<ReturnType<typeof load>>;

export function RoundsPage() {
  const { data, problem, reload } = useData(load);
  const queue = useQueue();
  const { reload: reloadQueue } = queue;
  const reloadAll = useCallback(() => {
    reload();
    reloadQueue();
  }, [reload, reloadQueue]);
  const { job, isBusy, stop, watch, ...jobs } = useJob(reloadAll);
  return (
    <Page title="Rounds" hasFigures problem={problem ?? jobs.problem ?? queue.problem} isLoading={data === undefined}>
      <p className="soft">
        A round draws images, has them judged, trains the reward and tunes the model. The next round judges what the
        tuned model draws.
      </p>
      {data && <LabelNext data={data} isBusy={isBusy} onStart={watch} />}
      {job && (job.kind === 'next' || job.kind === 'generate') && <JobPanel job={job} onStop={stop} />}
      <QueuePanel queue={queue} />
      {data && <ModelsTable data={data} />}
      {data && data.columns.length > 0 && <ModelFigures data={data} />}
      {data && data.accuracies.length > 0 && <RoundAccuracies data={data} />}
    </Page>
  );
}
