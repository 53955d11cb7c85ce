/** Blind comparisons by people: what each came to, the newest first, and a form that starts one. */
import { useState } from 'react';
import { useData } from '../parts/use-data.ts';
import { ComparisonPanel } from './comparison-panel.tsx';
import { loadComparisons } from './comparisons-api.ts';
import { StartComparison } from './start-comparison.tsx';

export function ComparisonsSection() {
  const { data, problem, reload } = useData(loadComparisons);
  const [failure, setFailure] = useState<string>();
  const after = (work: Promise<unknown>) =>
    void work.then(
      () => {
        setFailure(undefined);
        reload();
      },
      (error: Error) => setFailure(error.message),
    );
  return (
    <section className="comparisons">
      <h2>Comparisons by people</h2>
      {(failure ?? problem) !== undefined && (
        <p className="status-problem" role="alert">
          That did not work: {failure ?? problem}.
        </p>
      )}
      {data?.comparisons.map((comparison) => (
        <ComparisonPanel key={comparison.id} comparison={comparison} after={after} />
      ))}
      {data && <StartComparison models={data.models} raters={data.raters} onStarted={reload} />}
    </section>
  );
}
