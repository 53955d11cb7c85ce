/** How a rater's speed went over their answers, and the hours in which they judged. */

import { LineChart } from '../charts/line-chart.tsx';
import { dayText } from '../parts/moment-text.ts';
import type { RaterData } from './rater-page.tsx';

/** Mean shares are over this many answers. */
const WINDOW = 10;

export function AnswerTimes({ answers }: Pick<RaterData, 'answers'>) {
  const timed = answers.filter(({ seconds }) => seconds !== undefined);
  const verdicts = answers.flatMap(({ images }) => images.flatMap(({ isWithOthers }) => isWithOthers ?? []));
  const agreement = verdicts.map((_, i) => {
    const near = verdicts.slice(Math.max(0, i + 1 - WINDOW), i + 1);
    return [i + 1, near.filter(Boolean).length / near.length] as const;
  });
  if (timed.length < 2 && agreement.length < 2) return null;
  const perDay = new Map<string, number>();
  for (const { time } of answers) {
    const day = dayText(time);
    perDay.set(day, (perDay.get(day) ?? 0) + 1);
  }
  return (
    <section>
      <h2>Over time</h2>
      <p className="soft">{[...perDay].map(([day, count]) => `${day}: ${count}`).join(' · ')}</p>
      <div className="charts">
        {timed.length >= 2 && (
          <LineChart
            title="Seconds an answer"
            xName="answer"
            series={[{ name: 'seconds', points: timed.map(({ seconds }, i) => [i + 1, seconds!] as const) }]}
          />
        )}
        {agreement.length >= 2 && (
          <LineChart
            title={`With the others, last ${WINDOW}`}
            xName="judged image"
            series={[{ name: 'agreement', points: agreement }]}
          />
        )}
      </div>
    </section>
  );
}
