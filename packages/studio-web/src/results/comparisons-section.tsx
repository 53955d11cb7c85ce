/** Blind comparisons by people: start one, and read what they came to. */
import { type FormEvent, useState } from 'react';
import { api, read } from '../api/client.ts';
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
          <div className="table-frame">
            <table className="table">
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
          </div>
          {QUESTIONS.map(([question, title]) => {
            const { left, decided } = results.questions[question];
            return (
              <p key={question} className="soft">
                {title}: of answers that prefer a side, {left === undefined ? 'none yet' : shareText(left)} say left (a
                coin decides the sides: 50 % without a bias).
                {complete > 0 &&
                  ` At least ${agreement} of ${raters} people agree on ${treated} for ${percent(decided.agreed.win)} of the complete prompts, on a tie for ${percent(decided.agreed.tie)}, on ${baseline} for ${percent(decided.agreed.lose)}.`}
              </p>
            );
          })}
        </>
      )}
    </article>
  );
}

function QuestionRows({ title, answers, result }: { title: string; answers: number; result: QuestionResult }) {
  const { shares, cells } = result;
  if (shares === undefined) return null;
  const rows = [
    { name: title, answers, shares, isTotal: true },
    ...cells.map((cell) => ({
      name: `${cell.category}, ${cell.seen ? 'seen' : 'unseen'}`,
      answers: cell.answers,
      shares: cell.shares,
      isTotal: false,
    })),
  ];
  return rows.map((row) => (
    <tr key={row.name} className={row.isTotal ? 'is-total' : ''}>
      <th scope="row">{row.name}</th>
      <td>{row.answers}</td>
      <td>{shareText(row.shares.win)}</td>
      <td>{shareText(row.shares.tie)}</td>
      <td>{shareText(row.shares.lose)}</td>
    </tr>
  ));
}

/** '63.1 % [58.0, 68.2]': a share with its 95 % interval. */
function shareText({ mean, lo, hi }: { mean: number; lo: number; hi: number }): string {
  return `${percent(mean)} [${(100 * lo).toFixed(1)}, ${(100 * hi).toFixed(1)}]`;
}
