/** What evaluations found of each model: the first share as bars, all figures as a table. */
import { IntervalChart } from '../charts/interval-chart.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import type { RoundsData } from './rounds-page.tsx';

export function ModelFigures({ data: { models, columns } }: { data: RoundsData }) {
  const evaluated = models.filter(({ figures }) => figures !== null);
  const share = columns.find(({ unit }) => unit === 'share');
  const cellOf = ({ figures }: RoundsData['models'][number], id: string) =>
    figures?.cells.find((cell) => cell.id === id);
  return (
    <section aria-labelledby="rounds-figures">
      <h2 id="rounds-figures">What evaluations found</h2>
      {share && (
        <IntervalChart
          title={`${share.label} of each model: ${evaluated
            .map((model) => `${model.name} ${cellOf(model, share.id)?.text ?? 'not measured'}`)
            .join('; ')}`}
          names={[share.label]}
          rows={evaluated.map((model) => ({
            name: `${model.name}, round ${model.round}`,
            marks: [cellOf(model, share.id)?.interval],
          }))}
          measure={share.label}
        />
      )}
      <TableFrame label="Figures of each model">
        <table className="table is-dense">
          <thead>
            <tr>
              <th scope="col">Model</th>
              {columns.map(({ id, label }) => (
                <th key={id} scope="col">
                  {label}
                </th>
              ))}
              <th scope="col">Evaluation</th>
            </tr>
          </thead>
          <tbody>
            {evaluated.map((model) => (
              <tr key={`${model.name} ${model.modelHash}`}>
                <th scope="row">
                  <bdi>{model.name}</bdi>
                </th>
                {columns.map(({ id }) => (
                  <td key={id}>{cellOf(model, id)?.text ?? '–'}</td>
                ))}
                <td>{model.figures?.run}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="soft">
        Figures are those of each model's newest evaluation, with 95 % intervals over prompts. Compare figures of one
        evaluation.
      </p>
    </section>
  );
}
