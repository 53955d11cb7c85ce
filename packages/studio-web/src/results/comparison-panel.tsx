/** One comparison: its verdicts in a sentence each, what is still open, and under them the figures behind. */

import { type FormEvent, useState } from 'react';
import { api, read } from '../api/client.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { LinkField } from '../parts/link-field.tsx';
import { LocalLinkNote } from '../parts/local-link-note.tsx';
import { dayText } from '../parts/moment-text.ts';
import { followLink } from '../parts/router.ts';
import { COPY } from '../raters/invite-row.tsx';
import { ComparingPeople } from './comparing-people.tsx';
import type { ShownComparison } from './comparisons-api.ts';
import { DecidedPrompts } from './decided-prompts.tsx';
import { ModelStrengths } from './model-strengths.tsx';
import { PairFigures } from './pair-figures.tsx';
import { RatersField } from './raters-field.tsx';

interface ComparisonPanelProps {
  comparison: ShownComparison;
  /** Tells what went wrong, and loads the comparisons again. */
  after: (work: Promise<unknown>) => void;
}

const INVITE_DAYS = 14;

export function ComparisonPanel({ comparison, after }: ComparisonPanelProps) {
  const { id, models, startedAt, state, answers, people, setAside, open, pairs, strengths, raters } = comparison;
  const title = listed(models);
  return (
    <article className="panel" aria-label={title}>
      <div className="row">
        <h3 dir="auto">{title}</h3>
        <span className={`tag ${state === 'complete' ? 'is-done' : ''}`}>{state}</span>
      </div>
      {pairs.flatMap(({ sentences }) =>
        sentences.map((sentence) => (
          <p key={sentence} className="verdict" dir="auto">
            {sentence}
          </p>
        )),
      )}
      {strengths.map(({ question, models: ranked }) => (
        <ModelStrengths key={question} question={question} models={ranked} />
      ))}
      <p className="soft">
        Started {dayText(startedAt)}.{' '}
        {answers === 0
          ? 'No answers yet. '
          : `${counted(answers, 'answer')} by ${people === 1 ? '1 person' : `${people} people`}. `}
        {answers > 0 &&
          pairs.length === 1 &&
          `${pairs[0]!.complete} of ${counted(pairs[0]!.queries, 'prompt')} got all their answers. `}
        {state === 'open' && `${counted(open, 'answer')} ${open === 1 ? 'is' : 'are'} still open. `}
        {setAside > 0 &&
          `${counted(setAside, 'answer')} of raters who are set aside ${setAside === 1 ? 'is' : 'are'} not counted. `}
        {answers > 0 &&
          'A prompt is won where most people prefer the one model. Intervals: 95 % bootstrap over prompts.'}
      </p>
      <Controls key={id} comparison={comparison} title={title} after={after} />
      {answers > 0 && <DecidedPrompts comparison={comparison} />}
      {pairs.map((pair) => pair.answers > 0 && <PairFigures key={`${pair.treated} ${pair.baseline}`} pair={pair} />)}
      {raters.length > 0 && (
        <ComparingPeople
          raters={raters}
          title={title}
          onSetAside={(rater, isSetAside) => after(setRaterAside(rater, isSetAside))}
        />
      )}
    </article>
  );
}

function setRaterAside(id: string, isSetAside: boolean): Promise<unknown> {
  const rater = api.raters[':id'];
  const param = { param: { id } };
  return isSetAside ? read(rater['set-aside'].$post(param)) : read(rater['take-back'].$post(param));
}

/** Everything that the owner can do with a comparison. */
function Controls({ comparison, title, after }: ComparisonPanelProps & { title: string }) {
  const { id, state, ratersPerQuery, answers } = comparison;
  const [link, setLink] = useState<string>();
  const [isEnding, setEnding] = useState(false);
  const param = { id };
  const invite = async () => {
    const json = { name: title.slice(0, 100), purpose: 'comparison', days: INVITE_DAYS, maxUses: 100 } as const;
    setLink((await read(api.invites.$post({ json }))).link);
  };
  const setRaters = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const raters = Number(new FormData(event.currentTarget).get('raters'));
    after(read(api.comparisons[':id'].raters.$post({ param, json: { raters } })));
  };
  return (
    <div className="row filters">
      {state !== 'ended' && (
        <form className="row filters" onSubmit={setRaters}>
          <RatersField raters={ratersPerQuery} />
          <button type="submit" className="button small">
            Change
          </button>
        </form>
      )}
      {state === 'open' && (
        <>
          <a className="button small" href="/compare" onClick={followLink}>
            Take part
          </a>
          <button type="button" className="button small primary" onClick={() => after(invite())}>
            Invite people
          </button>
          <button type="button" className="button small" onClick={() => setEnding(true)}>
            End…
          </button>
        </>
      )}
      {state !== 'open' && (
        <button
          type="button"
          className="button small"
          onClick={() => after(read(api.comparisons[':id'].repeat.$post({ param })))}
        >
          Repeat
        </button>
      )}
      {answers > 0 &&
        (['csv', 'jsonl'] as const).map((format) => (
          <a
            key={format}
            className="button small"
            href={`/api/comparisons/${id}/answers/${format}`}
            download={`comparison.${format}`}
          >
            {format.toUpperCase()}
            <span className="visually-hidden"> of all answers</span>
          </a>
        ))}
      {link !== undefined && (
        <>
          <LinkField label={`Link to ${title}`} link={link} copy={COPY} />
          <LocalLinkNote link={link} />
        </>
      )}
      {isEnding && (
        <EndDialog
          title={title}
          onEnd={() => {
            setEnding(false);
            after(read(api.comparisons[':id'].end.$post({ param })));
          }}
          onClose={() => setEnding(false)}
        />
      )}
    </div>
  );
}

function EndDialog({ title, onEnd, onClose }: { title: string; onEnd: () => void; onClose: () => void }) {
  return (
    <ConfirmDialog
      title={`End the comparison of ${title}`}
      heading={`End the comparison of ${title}?`}
      action="End it"
      onConfirm={onEnd}
      onClose={onClose}
    >
      After that, no rater is asked. The answers stay and still count. Repeat starts a new comparison.
    </ConfirmDialog>
  );
}

/** 'a and b', 'a, b and c'. */
function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
