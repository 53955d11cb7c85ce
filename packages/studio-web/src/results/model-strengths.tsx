/** Several models by one question, the strongest first: Bradley-Terry strengths with their intervals. */
import { percent } from '../parts/page.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import { QUESTIONS, type ShownComparison } from './comparisons-api.ts';

type Strengths = ShownComparison['strengths'][number];

export function ModelStrengths({ question, models }: Strengths) {
  const title = QUESTIONS.find(([name]) => name === question)![1];
  return (
    <TableFrame label="Strengths of the models">
      <table className="table is-narrow">
        <caption className="visually-hidden">{title}: strengths of the models</caption>
        <thead>
          <tr>
            <th scope="col">{title}</th>
            <th scope="col" title="Bradley-Terry log odds; the mean over models is 0">
              Strength
            </th>
            <th scope="col" title="Comparisons with the other models that it is expected to win">
              Wins
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map(({ name, strength, wins }) => (
            <tr key={name}>
              <th scope="row" dir="auto">
                {name}
              </th>
              <td>
                {signed(strength.mean)} [{strength.lo.toFixed(2)}, {strength.hi.toFixed(2)}]
              </td>
              <td>
                {percent(wins.mean)} [{(100 * wins.lo).toFixed(1)}, {(100 * wins.hi).toFixed(1)}]
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(2)}`;
}
