/** The figures of the newest evaluation: people first, then every judge with its intervals. */

import { api, read } from '../api/client.ts';
import { RichText } from '../language/rich-text.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import { useData } from '../parts/use-data.ts';

const load = () => read(api.evaluation.$get());

export function EvaluationSection() {
  const { data } = useData(load);
  const evaluation = data?.evaluation;
  if (!evaluation) return null;
  const { run, prompts, hasSimulatedRaters, people, arms, rows, notes } = evaluation;
  return (
    <section aria-labelledby="evaluation">
      <h2 id="evaluation">Evaluation</h2>
      {people.map((sentence) => (
        <p key={sentence}>
          <RichText text={sentence} />
        </p>
      ))}
      <p className="soft">
        Run {run}, {prompts} prompts. Intervals: 95 % bootstrap over prompts, of FID and CMMD the jackknife.
        {hasSimulatedRaters && ' The recogniser and its simulated raters are programs, not people.'}
      </p>
      <TableFrame label="Figures by judge">
        <table className="table figures">
          <thead>
            <tr>
              <th scope="col">Figure</th>
              {arms.map((arm) => (
                <th key={arm} scope="col">
                  {arm}
                </th>
              ))}
              <th scope="col">Differences</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ label, judge, cells, differences }) => (
              <tr key={`${label} ${judge}`}>
                <th scope="row">
                  {label}
                  <br />
                  <span className="soft">{judge}</span>
                </th>
                {cells.map((cell, index) => (
                  <td key={arms[index]}>{cell}</td>
                ))}
                <td>
                  {differences.map(({ pair, text }) => (
                    <div key={pair}>
                      {pair}: {text}
                    </div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {notes.map((note) => (
        <p className="soft" key={note}>
          Not measured: {note}.
        </p>
      ))}
    </section>
  );
}
