/** Chosen runs beside each other: their curves in one chart a quantity, and the settings that they differ in. */
import { useCallback, useState } from 'react';
import { useData } from '../parts/use-data.ts';
import { Curves } from '../training/curves.tsx';
import { loadComparison, type RunComparison } from './runs-api.ts';

export function RunComparisonSection({ runs }: { runs: readonly string[] }) {
  const key = runs.join('\n');
  const { data, problem } = useData(useCallback(() => loadComparison(key.split('\n')), [key]));
  if (problem !== undefined) return <p className="status-problem">That did not work: {problem}.</p>;
  if (data === undefined) return <p className="soft">Loading…</p>;
  const curves = new Map(data.runs.map(({ id, records }) => [id, records]));
  return (
    <>
      <Curves curves={curves} titles={data.titles} />
      <MadeWith comparison={data} />
    </>
  );
}

function MadeWith({ comparison: { runs, settings } }: { comparison: RunComparison }) {
  const [showsAll, setShowsAll] = useState(false);
  const isOne = runs.length === 1;
  const shown = settings.filter(({ differs }) => isOne || showsAll || differs);
  return (
    <section>
      <div className="row">
        <h2>{isOne ? `What ${runs[0]!.id} was made with` : 'What they were made with'}</h2>
        {!isOne && (
          <label className="check push">
            <input type="checkbox" checked={showsAll} onChange={(event) => setShowsAll(event.target.checked)} />
            All settings, not only those that differ
          </label>
        )}
      </div>
      {runs.map(({ id, learned }) => (
        <p key={id} className="soft">
          <b>{id}</b>: {learned.length === 0 ? 'not finished, or learned from judgements alone' : learned.join(' · ')}
        </p>
      ))}
      {shown.length === 0 ? (
        <p className="soft">Their settings are the same.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="table-frame made-with" tabIndex={0} aria-label="Settings">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Setting</th>
                {runs.map(({ id }) => (
                  <th key={id} scope="col">
                    {id}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(({ path, values, differs }) => (
                <tr key={path} className={differs && !isOne ? 'is-total' : ''}>
                  <th scope="row">{path}</th>
                  {values.map((value, i) => (
                    <td key={runs[i]!.id} dir="auto">
                      {value ?? '–'}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
