/** What the owner sees where nothing is to be compared: a form that starts a comparison. */
import { useData } from '../parts/use-data.ts';
import { loadComparisons } from '../results/comparisons-api.ts';
import { StartComparison } from '../results/start-comparison.tsx';

export function OwnerStart({ onStarted }: { onStarted: () => void }) {
  const { data, problem } = useData(loadComparisons);
  return (
    <section lang="en">
      {problem !== undefined && <p className="status-problem">That did not work: {problem}.</p>}
      {data && <StartComparison models={data.models} raters={data.raters} onStarted={onStarted} />}
    </section>
  );
}
