/** The curves of a run, one chart a quantity: those with titles in their order, then the others. */
import { Legend, LineChart, type Series } from '../charts/line-chart.tsx';
import type { Watched } from './training-watch.ts';

const NOT_CURVES = new Set(['step', 'time']);

export function Curves({ curves, titles }: Pick<Watched, 'curves' | 'titles'>) {
  const names = [...curves.keys()];
  const found = new Set([...curves.values()].flatMap((records) => records.flatMap((record) => Object.keys(record))));
  const order = Object.keys(titles);
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const metrics = [...found].filter((name) => !NOT_CURVES.has(name)).sort((a, b) => place(a) - place(b));
  const seriesOf = (metric: string): Series[] =>
    [...curves].map(([name, records]) => ({
      name,
      points: records.flatMap((record) => {
        const value = record[metric];
        return typeof value === 'number' ? [[Number(record.step), value] as const] : [];
      }),
    }));
  return (
    <section>
      <h2>Curves</h2>
      {metrics.length === 0 && <p className="soft">Nothing is measured yet.</p>}
      <Legend names={names} />
      <div className="charts">
        {metrics.map((metric) => (
          <LineChart key={metric} title={titles[metric] ?? metric} series={seriesOf(metric)} />
        ))}
      </div>
    </section>
  );
}
