/** Somebody comes by a link: what it is worth, one question to those who are new, then the work. */
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ApiError, api, raterRequest, read } from '../api/client.ts';
import { persist } from '../api/persist.ts';
import { type Texts, useTexts } from '../language/language.ts';
import { LanguageChoice } from '../language/language-choice.tsx';
import { AskingProblem } from '../parts/asking-problem.tsx';
import { type Arrival, takeArrival } from './arrival.ts';
import { keptJoinKey } from './join-key.ts';
import type { Purpose } from './session.ts';
import { keepSessionKey } from './session-key.ts';
import { SessionOver } from './session-over.tsx';

/** What the studio says of the link. */
interface LinkLook {
  /** 'full' lets no new rater in. */
  state: 'open' | 'back' | 'full';
  purpose: Purpose;
  isPersonal: boolean;
  /** Of the rater whom the link names. */
  name: string | null;
  /** Raters of this browser who came by it. */
  known: readonly { key: string; name: string }[];
  isOwner: boolean;
}

/** `onIn`: the tab has a session; the page to go to. */
export function JoinPage({ onIn }: { onIn: (path: string) => void }) {
  const texts = useTexts();
  const [arrival, setArrival] = useState(takeArrival);
  const [look, setLook] = useState<LinkLook>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    // A link opened in this tab changes no more of the address than what stands behind the '#'. The page is not loaded
    // again: a studio that starts again meanwhile would leave the browser's own error page.
    const take = () => {
      const next = takeArrival();
      // The same link once more: what is written in the form stays.
      if (next?.token === arrival?.token) return;
      setLook(undefined);
      setProblem(undefined);
      setArrival(next);
    };
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, [arrival]);
  useEffect(() => {
    if (arrival === undefined) return;
    const { token, participant } = arrival;
    const json = { token, ...(participant === undefined ? {} : { participant }) };
    return persist(() => read(api.session.invite.$post({ json }, raterRequest())), {
      onDone: (found) => {
        setProblem(undefined);
        setLook(found);
      },
      onProblem: setProblem,
    });
  }, [arrival]);
  if (problem instanceof ApiError && problem.code === 'revoked') return <SessionOver why="revoked" unsent={0} />;
  return (
    <main className="notice">
      <h1>{texts.join.title}</h1>
      {arrival === undefined && <p>{texts.join.noLink}</p>}
      {arrival !== undefined && look === undefined && problem === undefined && <p>{texts.join.looking}</p>}
      {arrival !== undefined && look !== undefined && (
        <Welcome arrival={arrival} look={look} onIn={onIn} onProblem={setProblem} />
      )}
      {problem !== undefined && <AskingProblem problem={problem} />}
      <LanguageChoice />
    </main>
  );
}

interface WelcomeProps {
  arrival: Arrival;
  look: LinkLook;
  onIn: (path: string) => void;
  onProblem: (problem: unknown) => void;
}

function Welcome({ arrival, look, onIn, onProblem }: WelcomeProps) {
  const texts = useTexts();
  const { join } = texts;
  const { purpose, isPersonal, isOwner, state } = look;
  const isParticipant = arrival.participant !== undefined;
  const [isNew, setNew] = useState(look.known.length === 0);
  const endJoining = useRef(() => {});
  useEffect(() => () => endJoining.current(), []);
  const begin = (key: string) => {
    keepSessionKey(key);
    onIn(purpose === 'comparison' ? '/compare' : '/label');
  };
  const enter = (more: { name?: string; isTrial?: boolean } = {}) => {
    const { key: session, forget } = keptJoinKey({ token: arrival.token, name: more.name ?? '' });
    endJoining.current();
    endJoining.current = persist(
      () => read(api.session.join.$post({ json: { session, ...arrival, ...more } }, raterRequest())),
      {
        onDone: ({ key }) => {
          forget();
          begin(key);
        },
        onProblem,
      },
    );
  };
  if (state === 'back') {
    return (
      <>
        <p>{join.welcomeBack(plain(look.name ?? ''))}</p>
        <button type="button" className="button primary" onClick={() => enter()}>
          {isParticipant ? join.start : join.goOn}
        </button>
      </>
    );
  }
  return (
    <>
      <p>
        {join.introduction[purpose]} {join.pace} {!isParticipant && join.comeBack[isPersonal ? 'personal' : 'group']}
      </p>
      {isOwner && (
        <section className="panel" aria-label={join.ownerTitle}>
          <h2>{join.ownerTitle}</h2>
          <p>{join.ownerText}</p>
          <button type="button" className="button primary" onClick={() => enter({ isTrial: true })}>
            {join.tryIt}
          </button>
        </section>
      )}
      {!isParticipant && look.known.length > 0 && (
        <div className="row">
          {look.known.map(({ key, name }) => (
            <button key={key} type="button" className="button primary" onClick={() => begin(key)}>
              {join.goOnAs(plain(name))}
            </button>
          ))}
          {!isNew && state === 'open' && (
            <button type="button" className="button" onClick={() => setNew(true)}>
              {join.somebodyElse}
            </button>
          )}
        </div>
      )}
      {(isNew || isParticipant) && (
        <NewRater texts={texts} isParticipant={isParticipant} isOwner={isOwner} onEnter={enter} />
      )}
    </>
  );
}

interface NewRaterProps {
  texts: Texts;
  isParticipant: boolean;
  isOwner: boolean;
  onEnter: (more: { name?: string }) => void;
}

function NewRater({ texts, isParticipant, isOwner, onEnter }: NewRaterProps) {
  const { join } = texts;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get('name');
    onEnter(name === null ? {} : { name: String(name) });
  };
  return (
    <>
      <p>{isParticipant ? join.storedIds : join.storedName}</p>
      <form className="row filters" onSubmit={submit}>
        {!isParticipant && (
          <label className="labelled">
            {join.yourName}
            <input className="field" name="name" required maxLength={100} autoComplete="nickname" dir="auto" />
          </label>
        )}
        <button type="submit" className={`button ${isOwner ? '' : 'primary'}`}>
          {isOwner ? join.ownerJoins : join.start}
        </button>
      </form>
    </>
  );
}

/** A name inside a sentence: its direction ends with it. */
function plain(name: string): string {
  return `\u2068${name}\u2069`;
}
