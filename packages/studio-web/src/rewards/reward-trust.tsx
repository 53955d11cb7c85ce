/**
 * How far one reward can be trusted on each category, and what more labels would bring: the figures of gate and report.
 */

import { percent } from '../parts/page.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import type { RewardVersion } from './rewards-page.tsx';

export function RewardTrust({ version: { trust, learningCurve } }: { version: RewardVersion }) {
  return (
    <>
      {trust.length > 0 && (
        <section aria-labelledby="reward-trust">
          <h2 id="reward-trust">How far to trust it</h2>
          <TableFrame label="Trust by category">
            <table className="table is-dense">
              <thead>
                <tr>
                  <th scope="col">Category</th>
                  <th scope="col">Prompts</th>
                  <th scope="col">Accuracy, %</th>
                  <th scope="col">Pairs</th>
                  <th scope="col">Verdict</th>
                </tr>
              </thead>
              <tbody>
                {trust.map(({ category, group, pairs, accuracy, verdict }) => (
                  <tr key={`${category} ${group}`}>
                    <th scope="row">{category}</th>
                    <td>{accuracy === undefined ? '–' : group === 'seen' ? 'learned from' : 'held out'}</td>
                    <td>{withInterval(accuracy)}</td>
                    <td>{pairs}</td>
                    <td>{verdict}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableFrame>
        </section>
      )}
      {learningCurve && (
        <section aria-labelledby="reward-curve">
          <h2 id="reward-curve">What more labels would bring</h2>
          <p>{learningCurve.verdict}</p>
          <TableFrame label="Accuracy by number of labels">
            <table className="table is-dense">
              <thead>
                <tr>
                  <th scope="col">Labels</th>
                  <th scope="col">Images</th>
                  <th scope="col">Accuracy, %</th>
                </tr>
              </thead>
              <tbody>
                {learningCurve.points.map(({ share, images, accuracy }) => (
                  <tr key={share}>
                    <th scope="row">{Math.round(100 * share)} %</th>
                    <td>{images}</td>
                    <td>{withInterval(accuracy)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableFrame>
        </section>
      )}
    </>
  );
}

function withInterval(interval: { mean: number; lo: number; hi: number } | undefined): string {
  if (interval === undefined) return '–';
  return `${percent(interval.mean)} [${percent(interval.lo)}, ${percent(interval.hi)}]`;
}
