/** The curves of a run, one chart a quantity, the losses first. */
import { Legend, LineChart, type Series } from '../charts/line-chart.tsx';
import type { Watched } from './training-watch.ts';

/** What the columns of metrics.jsonl are called, in the order in which they are shown; others follow by their names. */
const TITLES: Readonly<Record<string, string>> = {
  loss: 'Loss',
  modelLoss: 'Reward-weighted loss',
  pretrainingLoss: 'Pre-training loss',
  meanReward: 'Mean reward of the batch',
  reward: 'Mean reward of the batch',
  meanSquaredError: 'Squared error',
  promptClassification: 'Prompt classification loss',
  validationLoss: 'Loss, held out to stop by',
  validationError: 'Squared error, held out',
  validationClassification: 'Prompt classification loss, held out',
  gradientNorm: 'Gradient norm',
  learningRate: 'Learning rate',
  skipped: 'Skipped updates',
};
const NOT_CURVES = new Set(['step', 'time']);

export function Curves({ curves }: { curves: Watched['curves'] }) {
  const names = [...curves.keys()];
  const found = new Set([...curves.values()].flatMap((records) => records.flatMap((record) => Object.keys(record))));
  const order = Object.keys(TITLES);
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
          <LineChart key={metric} title={TITLES[metric] ?? metric} series={seriesOf(metric)} />
        ))}
      </div>
    </section>
  );
}
