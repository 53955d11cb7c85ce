/** The figures behind a verdict on two models: votes, decided queries, shares by category. */

import { ShareBar, VoteHistogram } from '../charts/vote-charts.tsx';
import { percent } from '../parts/page.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import { OUTCOMES, type Outcome, QUESTIONS, type QuestionResult, type ShownPair } from './comparisons-api.ts';

export function PairFigures({ pair }: { pair: ShownPair }) {
  const { treated, baseline, questions, answers } = pair;
  const names = { win: treated, tie: 'Tie', lose: baseline };
  const about = `${treated} and ${baseline}`;
  return (
    <details className="stack">
      <summary dir="auto">Votes of {about}</summary>
      <ul className="legend">
        {OUTCOMES.map((outcome) => (
          <li key={outcome} className={`is-${outcome}`} dir="auto">
            {names[outcome]}
          </li>
        ))}
      </ul>
      {QUESTIONS.map(([question, title]) => (
        <QuestionFigures key={question} title={title} names={names} result={questions[question]} pair={pair} />
      ))}
      <TableFrame label={`Shares of answers for ${about}`}>
        <table className="table is-narrow">
          <thead>
            <tr>
              {['', 'Answers', treated, 'Tie', baseline].map((name, i) => (
                <th key={['question', 'answers', 'win', 'tie', 'lose'][i]} scope="col" dir="auto">
                  {name || <span className="visually-hidden">Question</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {QUESTIONS.map(([question, title]) => (
              <QuestionRows key={question} title={title} answers={answers} result={questions[question]} />
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="soft">
        Shares of answers with 95 % bootstrap intervals over prompts and, after ±, the standard deviation over raters.
      </p>
    </details>
  );
}

interface QuestionFiguresProps {
  title: string;
  names: Readonly<Record<Outcome, string>>;
  result: QuestionResult;
  pair: ShownPair;
}

/** Figures 4 and 6 of the paper for one question: shares of votes, and queries by their number of votes. */
function QuestionFigures({ title, names, result, pair: { agreement, complete } }: QuestionFiguresProps) {
  const { shares, left, decided } = result;
  if (shares === undefined) return null;
  const { histogram, agreed } = decided;
  const highest = (100 * Math.max(...OUTCOMES.flatMap((outcome) => histogram[outcome]))) / Math.max(1, complete);
  return (
    <section className="stack">
      <h4>{title}</h4>
      <ShareBar shares={{ win: shares.win.mean, tie: shares.tie.mean, lose: shares.lose.mean }} names={names} />
      {complete > 0 && (
        <div className="charts is-three">
          {OUTCOMES.map((outcome) => (
            <VoteHistogram
              key={outcome}
              queries={histogram[outcome]}
              outcome={outcome}
              name={names[outcome]}
              agreement={agreement}
              highest={highest}
            />
          ))}
        </div>
      )}
      <p className="soft">
        {complete > 0 &&
          `Decided, by ${agreement} votes or more: ${names.win} on ${percent(agreed.win)} of the complete prompts, tie on ${percent(agreed.tie)}, ${names.lose} on ${percent(agreed.lose)}. `}
        Of the answers that prefer a side, {left === undefined ? 'none yet' : shareText(left)} say left. A coin decides
        the sides, so 50 % is no bias.
      </p>
    </section>
  );
}

function QuestionRows({ title, answers, result }: { title: string; answers: number; result: QuestionResult }) {
  const { shares, deviations, cells } = result;
  if (shares === undefined) return null;
  const rows = [
    { name: title, answers, shares, deviations, isTotal: true },
    ...cells.map((cell) => ({
      name: `${cell.category}, ${cell.seen ? 'seen' : 'unseen'}`,
      answers: cell.answers,
      shares: cell.shares,
      deviations: cell.deviations,
      isTotal: false,
    })),
  ];
  return rows.map((row) => (
    <tr key={row.name} className={row.isTotal ? 'is-total' : ''}>
      <th scope="row">{row.name}</th>
      <td>{row.answers}</td>
      <td>{shareText(row.shares.win, row.deviations?.win)}</td>
      <td>{shareText(row.shares.tie, row.deviations?.tie)}</td>
      <td>{shareText(row.shares.lose, row.deviations?.lose)}</td>
    </tr>
  ));
}

/** '63.1 % [58.0, 68.2] ± 4.0': a share with its 95 % interval and its deviation over raters. */
function shareText({ mean, lo, hi }: { mean: number; lo: number; hi: number }, deviation?: number): string {
  const interval = `${percent(mean)} [${(100 * lo).toFixed(1)}, ${(100 * hi).toFixed(1)}]`;
  return deviation === undefined ? interval : `${interval} ± ${(100 * deviation).toFixed(1)}`;
}
