/** Who answered a comparison: whose sides or times do not look like somebody who looks is marked. */
import { TableFrame } from '../parts/table-frame.tsx';
import { FLAGS, ShareCell } from '../raters/people-table.tsx';
import type { ShownComparison } from './comparisons-api.ts';

const COLUMNS = [
  ['Name', undefined],
  ['Answers', undefined],
  ['Seconds', 'The middle of the answer times'],
  ['Too fast', 'Answered sooner than anybody can look'],
  ['Left', 'Of the answers that prefer a side; a coin decides the sides'],
] as const;

interface ComparingPeopleProps {
  raters: ShownComparison['raters'];
  title: string;
  onSetAside: (id: string, isSetAside: boolean) => void;
}

export function ComparingPeople({ raters, title, onSetAside }: ComparingPeopleProps) {
  const marked = raters.filter(({ flags, isSetAside }) => flags.length > 0 && !isSetAside);
  return (
    <details className="stack" open={marked.length > 0}>
      <summary>
        People: {raters.length}
        {marked.length > 0 && <span className="tag is-failed">{marked.length} marked</span>}
      </summary>
      <TableFrame label={`People who answered ${title}`}>
        <table className="table people">
          <thead>
            <tr>
              {COLUMNS.map(([name, meaning]) => (
                <th key={name} scope="col" title={meaning}>
                  {name}
                </th>
              ))}
              <th scope="col">
                <span className="visually-hidden">Set aside</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {raters.map(({ id, name, answers, medianSeconds, tooFast, left, flags, isSetAside }) => (
              <tr key={id}>
                <th scope="row">
                  <bdi>{name}</bdi> {isSetAside && <span className="tag is-stopped">set aside</span>}
                  {flags.map((flag) => (
                    <span key={flag} className="tag is-failed">
                      {FLAGS[flag]}
                    </span>
                  ))}
                </th>
                <td>{answers}</td>
                <td>{medianSeconds?.toFixed(1) ?? '–'}</td>
                <ShareCell share={tooFast} />
                <ShareCell share={left} />
                <td>
                  <button type="button" className="button small" onClick={() => onSetAside(id, !isSetAside)}>
                    {isSetAside ? 'Take back' : 'Set aside'}
                    <span className="visually-hidden"> the answers of {name}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </details>
  );
}
