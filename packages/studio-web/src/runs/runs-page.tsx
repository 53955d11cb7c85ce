/**
 * All runs: what each was made with, how they compare, and what the owner does with them; and the commands behind them.
 */
import { useCallback, useEffect, useState } from 'react';
import { JobPanel } from '../overview/job-panel.tsx';
import { useJob } from '../overview/job-watch.ts';
import { Page } from '../parts/page.tsx';
import { go, useAddress } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';
import { JobHistory } from './job-history.tsx';
import { RunComparisonSection } from './run-comparison.tsx';
import { RunRow } from './run-row.tsx';
import { downloadModel, loadRuns, renameRun, runChanges } from './runs-api.ts';

const LOOK_EVERY_MS = 5000;
const MAX_COMPARED = 8;

export function RunsPage() {
  const { query } = useAddress();
  const { data, problem, reload } = useData(loadRuns);
  const { job, isBusy, start, stop, ...watch } = useJob(reload);
  const [said, setSaid] = useState<{ text: string; isProblem: boolean }>();
  const [showsArchived, setShowsArchived] = useState(false);
  useEffect(() => {
    const looking = setInterval(reload, LOOK_EVERY_MS);
    return () => clearInterval(looking);
  }, [reload]);
  const change = useCallback(
    async (work: Promise<unknown>, text: string) => {
      try {
        await work;
        setSaid({ text, isProblem: false });
      } catch (error) {
        setSaid({ text: `That did not work: ${(error as Error).message}.`, isProblem: true });
      }
      reload();
    },
    [reload],
  );
  const runs = data?.runs ?? [];
  const shown = runs.filter((run) => showsArchived || !run.isArchived);
  const archived = runs.filter((run) => run.isArchived).length;
  const chosen = query.getAll('run').filter((id) => runs.some((run) => run.id === id));
  const choose = (ids: readonly string[]) => {
    const search = new URLSearchParams(ids.slice(-MAX_COMPARED).map((id) => ['run', id]));
    go(ids.length === 0 ? '/runs' : `/runs?${search}`, { replace: true });
  };
  return (
    <Page title="Runs" problem={problem ?? watch.problem} isLoading={data === undefined}>
      {job && isBusy && <JobPanel job={job} onStop={stop} />}
      {data && runs.length === 0 && (
        <p className="soft">No run yet. Training a reward, tuning and evaluating each leave one here.</p>
      )}
      {runs.length > 0 && (
        <section aria-label="Runs">
          <p role={said?.isProblem ? 'alert' : 'status'} className={said?.isProblem ? 'status-problem' : 'soft'}>
            {said?.text ?? 'Choose two or more to see their curves over each other and what they differ in.'}
          </p>
          {archived > 0 && (
            <label className="check">
              <input
                type="checkbox"
                checked={showsArchived}
                onChange={(event) => setShowsArchived(event.target.checked)}
              />
              Show {archived} archived
            </label>
          )}
          <ul className="runs">
            {shown.map((run) => (
              <RunRow
                key={run.id}
                run={run}
                isBusy={isBusy}
                isChosen={chosen.includes(run.id)}
                onChoose={(isChosen) => choose(isChosen ? [...chosen, run.id] : chosen.filter((id) => id !== run.id))}
                onContinue={() => start('tune', { name: run.id, continues: true })}
                onRename={(to) => void change(renameRun(run.id, to), `${run.id} is called ${to} now.`)}
                onDownload={(form) => {
                  setSaid({ text: `Preparing the model ${run.id}…`, isProblem: false });
                  void change(downloadModel(run.id, form), `The model ${run.id} is on its way.`);
                }}
                onChange={(what, text) => void change(runChanges[what](run.id), text)}
              />
            ))}
          </ul>
        </section>
      )}
      {chosen.length > 0 && <RunComparisonSection runs={chosen} />}
      <JobHistory key={`${job?.id} ${isBusy}`} />
    </Page>
  );
}
