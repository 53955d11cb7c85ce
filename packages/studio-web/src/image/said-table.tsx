/** Who said what of an image, when and why; an owner strikes out what is wrong. */

import { timeText } from '../parts/moment-text.ts';
import { followLink } from '../parts/router.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { raterAddress } from '../rater/rater-address.ts';
import type { ImageData } from './image-page.tsx';

interface SaidTableProps {
  said: ImageData['said'];
  onStrikeOut: (rater: string) => void;
}

const COLUMNS = ['Who', 'Said', 'When', 'Seconds', 'Why'] as const;
const LABELS = { good: '✓ good', bad: '✕ bad', skip: 'skipped', retracted: 'taken back' } as const;

export function SaidTable({ said, onStrikeOut }: SaidTableProps) {
  return (
    <section>
      <h2>Who said what</h2>
      {said.length === 0 ? (
        <p className="soft">Nobody has judged it yet.</p>
      ) : (
        <TableFrame label="Judgements">
          <table className="table said">
            <thead>
              <tr>
                {COLUMNS.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
                <th scope="col">
                  <span className="visually-hidden">Strike out</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {said.map((word) => (
                <tr key={`${word.time} ${word.rater} ${word.label} ${word.purpose}`}>
                  <th scope="row">
                    {word.isSimulated ? (
                      <bdi>{word.name}</bdi>
                    ) : (
                      <a href={raterAddress(word.rater)} onClick={followLink}>
                        <bdi>{word.name}</bdi>
                      </a>
                    )}{' '}
                    {word.isSimulated && <span className="tag">simulated</span>}
                    {word.isSetAside && <span className="tag is-stopped">set aside</span>}
                    {word.purpose !== 'feedback' && <span className="tag">{word.purpose}</span>}
                  </th>
                  <td>
                    {word.stands || word.purpose !== 'feedback' ? (
                      LABELS[word.label]
                    ) : (
                      <s>
                        {LABELS[word.label]}
                        <span className="visually-hidden"> (no longer)</span>
                      </s>
                    )}
                    {word.tooFast && <span className="tag is-failed">too fast</span>}
                  </td>
                  <td>{timeText(word.time)}</td>
                  <td>{word.seconds?.toFixed(1) ?? '–'}</td>
                  <td dir="auto" className="why">
                    {word.reason ?? '–'}
                  </td>
                  <td>
                    {word.stands && (
                      <button type="button" className="button small" onClick={() => onStrikeOut(word.rater)}>
                        Strike out<span className="visually-hidden"> what {word.name} said</span>
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </section>
  );
}
