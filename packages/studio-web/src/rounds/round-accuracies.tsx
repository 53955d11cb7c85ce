/** How the reward does on the images of each round: a tuned model draws other pictures than its base. */
import { IntervalChart } from '../charts/interval-chart.tsx';
import { Legend } from '../charts/line-chart.tsx';
import { percent } from '../parts/page.tsx';
import type { RoundsData } from './rounds-page.tsx';

const SCORERS = ['Reward', 'CLIP score'] as const;

export function RoundAccuracies({ data: { accuracies, reward } }: { data: RoundsData }) {
  const rows = accuracies.map(({ round, training, reward: own, clip }) => ({
    name: `Round ${round}: ${own.pairs} pairs, learned from ${training}`,
    marks: [own.accuracy, clip.accuracy],
  }));
  const said = rows.map(
    ({ name, marks: [own, clip] }) => `${name}: reward ${percent(own?.mean)}, CLIP score ${percent(clip?.mean)}`,
  );
  return (
    <section aria-labelledby="rounds-accuracy">
      <h2 id="rounds-accuracy">Accuracy of the reward {reward} by round</h2>
      <Legend names={SCORERS} />
      <IntervalChart
        title={`Accuracy on held-out pairs by round, %: ${said.join('; ')}`}
        names={SCORERS}
        rows={rows}
        chance={{ share: 0.5, name: 'a coin' }}
      />
      <p className="soft">
        On held-out pairs of the images that each round judged, per cent with 95 % intervals over prompts. Where the
        reward does not beat CLIP score on the newest round, label more of its images.
      </p>
    </section>
  );
}
