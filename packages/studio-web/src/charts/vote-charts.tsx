/** The paper's figures of a blind comparison: where all votes went, and on how many queries how many raters agreed. */
import { linearScale } from './scale.ts';

export interface Votes {
  readonly win: number;
  readonly tie: number;
  readonly lose: number;
}
const OUTCOMES = ['win', 'tie', 'lose'] as const;

/** One bar of 100 %; `names` say who wins and loses. */
export function ShareBar({ shares, names }: { shares: Votes; names: Readonly<Record<keyof Votes, string>> }) {
  const text = OUTCOMES.map((outcome) => `${names[outcome]} ${(100 * shares[outcome]).toFixed(1)} %`).join(', ');
  return (
    <div className="share-bar" role="img" aria-label={text}>
      {OUTCOMES.map((outcome) => (
        <span key={outcome} className={`is-${outcome}`} style={{ flexGrow: shares[outcome] }}>
          {shares[outcome] >= 0.06 && `${Math.round(100 * shares[outcome])}`}
        </span>
      ))}
    </div>
  );
}

const [WIDTH, HEIGHT] = [260, 170];
const EDGE = { left: 40, right: 8, top: 10, bottom: 34 };

interface HistogramProps {
  /** How many queries got 0, 1, 2, … such votes. */
  queries: readonly number[];
  outcome: keyof Votes;
  name: string;
  /** From so many votes on a query counts as decided: drawn strong. */
  agreement: number;
  /** The largest value of the vertical axis, in per cent. Charts side by side have the same. */
  highest: number;
}

/** Share of queries by number of votes for one outcome. */
export function VoteHistogram({ queries, outcome, name, agreement, highest }: HistogramProps) {
  const total = Math.max(
    1,
    queries.reduce((sum, count) => sum + count, 0),
  );
  const shares = queries.map((count) => (100 * count) / total);
  const y = linearScale([0, highest], [HEIGHT - EDGE.bottom, EDGE.top], { count: 4 });
  const width = (WIDTH - EDGE.left - EDGE.right) / shares.length;
  return (
    <figure className="chart is-small">
      <figcaption dir="auto">{name}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${name}: ${shares.map((share, votes) => `${votes} votes on ${share.toFixed(0)} % of the queries`).join(', ')}`}
      >
        {y.ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(tick)} y2={y(tick)} />
            <text className="chart-tick" x={EDGE.left - 6} y={y(tick)} textAnchor="end" dominantBaseline="middle">
              {tick}
            </text>
          </g>
        ))}
        {shares.map((share, votes) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the index is the number of votes
          <g key={votes}>
            <rect
              className={`is-${outcome} ${votes >= agreement ? '' : 'is-faint'}`}
              x={EDGE.left + votes * width + 2}
              width={Math.max(1, width - 4)}
              y={y(share)}
              height={HEIGHT - EDGE.bottom - y(share)}
            />
            <text
              className="chart-tick"
              x={EDGE.left + (votes + 0.5) * width}
              y={HEIGHT - EDGE.bottom + 14}
              textAnchor="middle"
            >
              {votes}
            </text>
          </g>
        ))}
        <text className="chart-axis" x={EDGE.left + (WIDTH - EDGE.left) / 2} y={HEIGHT - 4} textAnchor="middle">
          votes; % of queries
        </text>
      </svg>
    </figure>
  );
}
