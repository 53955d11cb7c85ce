/** One row a rater: how much they did, how it fits with the others and with what is known, and what stands out. */

import { percent } from '../parts/page.tsx';
import { followLink } from '../parts/router.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { raterAddress } from '../rater/rater-address.ts';

interface CountedShare {
  mean: number;
  lo: number;
  hi: number;
  count: number;
}

type Flag = 'gold' | 'repeats' | 'speed' | 'constant' | 'side';

interface Rater {
  id: string;
  name: string;
  isSetAside: boolean;
  queries: number;
  comparisons: number;
  good: number;
  skip: number;
  medianSeconds?: number | undefined;
  withOthers?: number | undefined;
  quality: {
    gold?: CountedShare | undefined;
    repeats?: CountedShare | undefined;
    tooFast?: CountedShare | undefined;
    left?: CountedShare | undefined;
    goldSimulated: number;
    flags: readonly Flag[];
  };
}

/** What a flag says to the owner. */
export const FLAGS: Readonly<Record<Flag, string>> = {
  gold: 'often wrong',
  repeats: 'contradictory',
  speed: 'too fast',
  constant: 'always the same',
  side: 'one side',
};

/** Names with what they mean, for the first row. */
const COLUMNS = [
  ['Name', undefined],
  ['Judged', 'Queries of labelling answered or skipped'],
  ['Compared', 'Queries of comparisons answered'],
  ['Good', undefined],
  ['Skipped', undefined],
  ['Seconds', 'The middle of the answer times'],
  ['With the others', 'Images on which they are with the majority of the others'],
  ['Known right', 'Images with a known answer that they judged as it is'],
  ['Same again', 'Images that they judged as they had before'],
  ['Too fast', 'Queries answered sooner than anybody can look'],
  ['Left', 'In comparisons, where a coin decides the sides'],
] as const;

interface PeopleTableProps {
  raters: readonly Rater[];
  onSetAside: (id: string, isSetAside: boolean) => void;
}

export function PeopleTable({ raters, onSetAside }: PeopleTableProps) {
  return (
    <TableFrame label="What each rater has done">
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
          {raters.map((rater) => {
            const { id, name, isSetAside, quality } = rater;
            return (
              <tr key={id}>
                <th scope="row">
                  <a href={raterAddress(id)} onClick={followLink}>
                    <bdi>{name}</bdi>
                  </a>{' '}
                  {isSetAside && <span className="tag is-stopped">set aside</span>}
                  {quality.flags.map((flag) => (
                    <span key={flag} className="tag is-failed">
                      {FLAGS[flag]}
                    </span>
                  ))}
                </th>
                <td>{rater.queries}</td>
                <td>{rater.comparisons}</td>
                <td>{rater.queries === 0 ? '–' : percent(rater.good)}</td>
                <td>{rater.queries === 0 ? '–' : percent(rater.skip)}</td>
                <td>{rater.medianSeconds?.toFixed(1) ?? '–'}</td>
                <td>{percent(rater.withOthers)}</td>
                <ShareCell share={quality.gold} note={simulatedNote(quality.goldSimulated)} />
                <ShareCell share={quality.repeats} />
                <ShareCell share={quality.tooFast} />
                <ShareCell share={quality.left} />
                <td>
                  <button type="button" className="button small" onClick={() => onSetAside(id, !isSetAside)}>
                    {isSetAside ? 'Take back' : 'Set aside'}
                    <span className="visually-hidden"> the answers of {name}</span>
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableFrame>
  );
}

/** The share, and under it of how many and between which bounds it lies. */
export function ShareCell({ share, note }: { share: CountedShare | undefined; note?: string | undefined }) {
  if (!share) return <td>–</td>;
  return (
    <td>
      {percent(share.mean)}
      <small className="soft share-bounds">
        {whole(share.lo)}–{whole(share.hi)} % of {share.count}
        {note}
      </small>
    </td>
  );
}

function simulatedNote(count: number): string | undefined {
  return count === 0 ? undefined : `, ${count} simulated`;
}

function whole(share: number): string {
  return (100 * share).toFixed(0);
}
