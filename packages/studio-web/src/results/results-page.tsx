/**
 * What was reached: what people say in blind comparisons, the newest evaluation, and reports as `heed report` wrote
 * them.
 */
import { useState } from 'react';
import { api, read } from '../api/client.ts';
import { Page } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';
import { ComparisonsSection } from './comparisons-section.tsx';
import { EvaluationSection } from './evaluation-section.tsx';

const load = () => read(api.reports.$get());

export function ResultsPage() {
  const { data, problem } = useData(load);
  const [chosen, setChosen] = useState<string>();
  const name = chosen ?? data?.reports[0];
  return (
    <Page title="Results" hasFigures problem={problem} isLoading={data === undefined}>
      {data && <ComparisonsSection />}
      {data && <EvaluationSection />}
      {data && name === undefined && (
        <p className="soft">
          No report yet. It comes after <code>heed tune</code>, <code>heed evaluate</code> and <code>heed report</code>.
          The overview says what is next.
        </p>
      )}
      {data && name !== undefined && (
        <>
          <div className="row">
            <select
              className="field"
              aria-label="Report"
              value={name}
              onChange={(event) => setChosen(event.target.value)}
            >
              {data.reports.map((report) => (
                <option key={report}>{report}</option>
              ))}
            </select>
            <a className="button small" href={`/api/reports/${encodeURIComponent(name)}`} download={`${name}.html`}>
              Save
            </a>
          </div>
          <iframe
            className="report"
            title={`Report ${name}`}
            sandbox=""
            src={`/api/reports/${encodeURIComponent(name)}`}
          />
        </>
      )}
    </Page>
  );
}
