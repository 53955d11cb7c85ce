/** Blind comparisons by people: start one, and read what they came to. */
import { type FormEvent, useState } from 'react';
import { api, read } from '../api/client.ts';
import { ShareBar, VoteHistogram } from '../charts/vote-charts.tsx';
import { percent } from '../parts/page.tsx';
import { followLink } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';

const load = () => read(api.comparisons.$get());
type ShownComparison = Awaited<ReturnType<typeof load>>['comparisons'][number];
type QuestionResult = ShownComparison['results']['questions']['alignment'];

const QUESTIONS = [
  ['alignment', 'Fits the text better'],
  ['fidelity', 'Looks better'],
] as const;

const OUTCOMES = ['win', 'tie', 'lose'] as const;

export function ComparisonsSection() {
  const { data, problem, reload } = useData(load);
  const [failure, setFailure] = useState<string>();
  const after = (work: Promise<unknown>) =>
    work.then(
      () => {
        setFailure(undefined);
        reload();
      },
      (error: Error) => setFailure(error.message),
    );
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const json = { treated: String(form.get('treated')), baseline: String(form.get('baseline')) };
    void after(read(api.comparisons.$post({ json })));
  };
  return (
    <section>
      <h2>Comparisons by people</h2>
      {(failure ?? problem) !== undefined && (
        <p className="status-problem" role="alert">
          That did not work: {failure ?? problem}.
        </p>
      )}
      {data && data.models.length < 2 && (
        <p className="soft">
          People can compare two models blind once <code>heed evaluate</code> has drawn images with both.
        </p>
      )}
      {data && data.models.length >= 2 && (
        <form className="row filters" onSubmit={start}>
          <ModelField label="Model" name="treated" models={data.models} chosen={data.models.at(-1)!} />
          <ModelField label="Compared with" name="baseline" models={data.models} chosen={data.models[0]!} />
          <button type="submit" className="button primary">
            Start a comparison
          </button>
        </form>
      )}
      {data?.comparisons.map((comparison) => (
        <ComparisonPanel
          key={comparison.id}
          comparison={comparison}
          onEnd={() => void after(read(api.comparisons[':id'].end.$post({ param: { id: comparison.id } })))}
        />
      ))}
    </section>
  );
}

interface ModelFieldProps {
  label: string;
  name: string;
  models: string[];
  chosen: string;
}

function ModelField({ label, name, models, chosen }: ModelFieldProps) {
  return (
    <label className="labelled">
      {label}
      <select className="field" name={name} defaultValue={chosen}>
        {models.map((model) => (
          <option key={model}>{model}</option>
        ))}
      </select>
    </label>
  );
}

function ComparisonPanel({ comparison, onEnd }: { comparison: ShownComparison; onEnd: () => void }) {
  const { treated, baseline, hasEnded, startedAt, raters, results } = comparison;
  const { queries, complete, agreement, answers, people, setAside } = results;
  const names = { win: treated, tie: 'Tie', lose: baseline };
  return (
    <article className="panel" aria-label={`${treated} and ${baseline}`}>
      <div className="row">
        <h3 dir="auto">
          {treated} and {baseline}
        </h3>
        <span className="tag">{hasEnded ? 'ended' : 'open'}</span>
        {!hasEnded && (
          <>
            <a className="button small push" href="/compare" onClick={followLink}>
              Take part
            </a>
            <button type="button" className="button small" onClick={onEnd}>
              End
            </button>
          </>
        )}
      </div>
      <p className="soft">
        Since {new Date(startedAt).toLocaleDateString()}: {answers} answers by {people} people; {complete} of {queries}{' '}
        prompts have all {raters}
        {setAside > 0 && `; ${setAside} answers of raters who are set aside are not counted`}. Whoever has an invite
        link is asked.
      </p>
      {answers > 0 && (
        <>
          <ul className="legend">
            {OUTCOMES.map((outcome) => (
              <li key={outcome} className={`is-${outcome}`} dir="auto">
                {names[outcome]}
              </li>
            ))}
          </ul>
          {QUESTIONS.map(([question, title]) => (
            <QuestionFigures
              key={question}
              title={title}
              names={names}
              result={results.questions[question]}
              raters={raters}
              agreement={agreement}
              complete={complete}
            />
          ))}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse must be able to scroll it */}
          <section className="table-frame" tabIndex={0} aria-label={`Shares of answers for ${treated} and ${baseline}`}>
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
                  <QuestionRows key={question} title={title} answers={answers} result={results.questions[question]} />
                ))}
              </tbody>
            </table>
          </section>
          <p className="soft">
            Shares of answers with 95 % bootstrap intervals over prompts and, after ±, the standard deviation over
            raters.
          </p>
        </>
      )}
    </article>
  );
}

interface QuestionFiguresProps {
  title: string;
  names: Readonly<Record<(typeof OUTCOMES)[number], string>>;
  result: QuestionResult;
  raters: number;
  agreement: number;
  complete: number;
}

/** Figures 4 and 6 of the paper for one question: shares of votes, and queries by their number of votes. */
function QuestionFigures({ title, names, result, raters, agreement, complete }: QuestionFiguresProps) {
  const { shares, left, decided } = result;
  if (shares === undefined) return null;
  const { histogram, agreed } = decided;
  const shareOf = (outcome: (typeof OUTCOMES)[number], from: number) =>
    histogram[outcome].reduce((sum, count, votes) => sum + (votes >= from ? count : 0), 0) / Math.max(1, complete);
  const highest = (100 * Math.max(...OUTCOMES.flatMap((outcome) => histogram[outcome]))) / Math.max(1, complete);
  const twoThirds = Math.ceil((2 * raters) / 3);
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
          `Two thirds of the people (${twoThirds} of ${raters}) or more say ${names.win} on ${percent(shareOf('win', twoThirds))} of the complete prompts, tie on ${percent(shareOf('tie', twoThirds))}, ${names.lose} on ${percent(shareOf('lose', twoThirds))}; ${agreement} or more (the strong bars) on ${percent(agreed.win)}, ${percent(agreed.tie)} and ${percent(agreed.lose)}. `}
        Of answers that prefer a side, {left === undefined ? 'none yet' : shareText(left)} say left (a coin decides the
        sides: 50 % without a bias).
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
