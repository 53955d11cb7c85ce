/** Shares with their intervals, a row each: where two things stand, and whether their intervals part them. */

export interface IntervalRow {
  readonly name: string;
  /** One for each of `names`, in their order; absent where nothing was measured. */
  readonly marks: readonly ({ readonly mean: number; readonly lo: number; readonly hi: number } | undefined)[];
}

interface IntervalChartProps {
  title: string;
  names: readonly string[];
  rows: readonly IntervalRow[];
  /** What is measured, in per cent. */
  measure?: string;
  /** Where chance stands; absent where there is none. */
  chance?: { readonly share: number; readonly name: string };
}

/** A number fits behind an interval that ends here. */
const MOST_BEFORE_NUMBER = 0.85;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** Rows of text and bars, not a drawing: on a phone the names stand above their bars and keep their size. */
export function IntervalChart({ title, names, rows, measure = 'accuracy', chance }: IntervalChartProps) {
  return (
    <figure className="chart interval-chart" role="img" aria-label={title}>
      {rows.map(({ name, marks }) => (
        <div key={name} className="interval-row">
          <span>{name}</span>
          <div className="interval-track">
            <Grid chance={chance?.share} />
            {marks.map(
              (mark, i) =>
                mark !== undefined && (
                  <div key={names[i]} className={`interval-mark series-${i + 1}`}>
                    <i className="interval-range" style={{ left: place(mark.lo), width: place(mark.hi - mark.lo) }} />
                    <i className="interval-mean" style={{ left: place(mark.mean) }} />
                    <span style={numberPlace(mark)}>{(100 * mark.mean).toFixed(1)}</span>
                  </div>
                ),
            )}
          </div>
        </div>
      ))}
      <div className="interval-row">
        <span />
        <div className="interval-ticks">
          {TICKS.map((tick) => (
            <span key={tick} style={{ left: place(tick) }}>
              {100 * tick}
            </span>
          ))}
        </div>
      </div>
      <p className="interval-axis">
        {measure}, %{chance && `; dashed: ${chance.name}`}
      </p>
    </figure>
  );
}

function Grid({ chance }: { chance: number | undefined }) {
  return (
    <>
      {TICKS.map((tick) => (
        <i key={tick} className="interval-tick" style={{ left: place(tick) }} />
      ))}
      {chance !== undefined && <i className="interval-tick is-chance" style={{ left: place(chance) }} />}
    </>
  );
}

/**
 * The number stands behind the interval. Where that ends near the right edge the number stands before it; where the
 * interval is as wide as the chart, above its mean.
 */
function numberPlace({ mean, lo, hi }: { mean: number; lo: number; hi: number }) {
  if (hi <= MOST_BEFORE_NUMBER) return { left: place(hi) };
  return lo < 1 - MOST_BEFORE_NUMBER ? { left: place(mean), bottom: '60%' } : { right: place(1 - lo) };
}

function place(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
