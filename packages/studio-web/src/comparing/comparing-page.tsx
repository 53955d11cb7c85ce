/** Two sets of images of one prompt side by side, and two questions. Nothing here knows which model drew which. */
import { useCallback, useMemo, useState } from 'react';
import { GuidelinesGate } from '../guidelines/guidelines-gate.tsx';
import { Finished } from '../labelling/finished.tsx';
import { ProgressLine } from '../labelling/progress-line.tsx';
import { type Texts, useTexts } from '../language/language.ts';
import { problemText } from '../language/problem-text.ts';
import { watchActivity } from '../parts/activity.ts';
import { AnswerStatus, FailedNotice, isSessionOver, useStoppable, useUnsentWarning } from '../parts/answering.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { prepareImage, type ShownImage } from '../parts/prepared-image.ts';
import { randomId } from '../parts/random-id.ts';
import { followLink } from '../parts/router.ts';
import { useStore } from '../parts/store.ts';
import { keeperOf, type Session, useSession } from '../session/session.ts';
import { SessionOver } from '../session/session-over.tsx';
import { type Comparer, createComparer } from './comparer.ts';
import type { ComparerMessage, ComparerState } from './comparer-state.ts';
import { comparingApi } from './comparing-api.ts';
import { ComparingHelp } from './comparing-help.tsx';
import { useComparingKeys } from './comparing-keys.ts';
import { ComparingZoom } from './comparing-zoom.tsx';
import { OwnerStart } from './owner-start.tsx';
import { QuestionPanel } from './question-panel.tsx';
import { QUESTION_NAMES } from './questions.ts';

export function ComparingPage() {
  return (
    <GuidelinesGate>
      <ComparingWork />
    </GuidelinesGate>
  );
}

function ComparingWork() {
  const session = useSession();
  const create = useCallback(() => startComparing(session), [session]);
  const comparer = useStoppable(create);
  return comparer === undefined ? null : <Comparing comparer={comparer} />;
}

function startComparing(session: Session): Comparer {
  const activity = watchActivity();
  const comparer = createComparer({
    api: comparingApi({ session: session.key, page: randomId() }),
    activity,
    prepareImage,
    outbox: { keeper: keeperOf(session, 'comparing') },
  });
  return {
    ...comparer,
    stop() {
      comparer.stop();
      activity.stop();
    },
  };
}

function Comparing({ comparer }: { comparer: Comparer }) {
  const texts = useTexts();
  const state = useStore(comparer.state);
  const outbox = useStore(comparer.outbox.state);
  const [zoomed, setZoomed] = useState<number>();
  const [isHelping, setHelping] = useState(false);
  const { query, said, problem } = state;
  const isAsking = state.phase === 'asking' && query !== undefined;
  const acts = useMemo(
    () => ({ zoom: () => comparer.state.get().query && setZoomed(0), help: () => setHelping(true) }),
    [comparer],
  );
  useComparingKeys(comparer, acts);
  useUnsentWarning(comparer.outbox);
  const isComplete = QUESTION_NAMES.every((question) => said[question] !== undefined);
  // Unsent answers are still tried: where the rater comes back by another tab, this one goes on.
  const ended = [problem?.reason, outbox.problem].find(isSessionOver);
  if (ended) return <SessionOver why={ended.code} unsent={outbox.waiting} />;
  return (
    <main className="labelling comparing">
      <ProgressLine answered={state.answered} open={state.open} isAsking={isAsking} />
      {isAsking && <Query comparer={comparer} state={state} onZoom={setZoomed} />}
      {state.phase === 'loading' && <p className="waiting">{texts.common.gettingNext}</p>}
      {state.phase === 'failed' && <FailedNotice problem={problem?.reason} onRetry={comparer.retry} />}
      {(state.phase === 'finished' || state.phase === 'waiting') && (
        <ComparingEnd comparer={comparer} state={state} phase={state.phase} />
      )}
      <div className="toolbar">
        <button type="button" className="button" onClick={comparer.undo} disabled={!state.canUndo}>
          {texts.common.undo} <KeyHint name="u" />
        </button>
        <button type="button" className="button quiet" onClick={acts.help}>
          {texts.common.help} <KeyHint name="?" />
        </button>
        {isAsking && (
          <button type="button" className="button primary push" onClick={comparer.goOn} disabled={!isComplete}>
            {texts.comparing.next} <KeyHint name="Enter" />
          </button>
        )}
      </div>
      <AnswerStatus
        message={messageText(state.message, texts)}
        isAnswer={state.message?.kind === 'answered'}
        outbox={outbox}
        problem={problemOf(state, texts)}
      />
      {isHelping && <ComparingHelp onClose={() => setHelping(false)} />}
      {zoomed !== undefined && isAsking && !isHelping && (
        <ComparingZoom
          comparer={comparer}
          state={state}
          index={zoomed}
          onIndex={setZoomed}
          onHelp={acts.help}
          onClose={() => setZoomed(undefined)}
        />
      )}
    </main>
  );
}

interface QueryProps {
  comparer: Comparer;
  state: ComparerState;
  onZoom: (index: number) => void;
}

function Query({ comparer, state, onZoom }: QueryProps) {
  const { query, said, current } = state;
  if (!query) return null;
  return (
    <>
      <h1 className="prompt" dir="auto">
        {query.prompt}
      </h1>
      <div className="sides" key={query.id}>
        <ImageSet side="left" images={query.left} onZoom={onZoom} />
        <ImageSet side="right" images={query.right} onZoom={(i) => onZoom(query.left.length + i)} />
      </div>
      <div className="questions">
        {QUESTION_NAMES.map((question) => (
          <QuestionPanel
            key={question}
            question={question}
            said={said[question]}
            isCurrent={current === question}
            onSay={(preference) => comparer.say(preference, question)}
          />
        ))}
      </div>
    </>
  );
}

interface ImageSetProps {
  side: 'left' | 'right';
  images: ShownImage[];
  onZoom: (index: number) => void;
}

function ImageSet({ side, images, onZoom }: ImageSetProps) {
  const { comparing, common } = useTexts();
  const [enlarge, candidate] =
    side === 'left'
      ? [comparing.enlargeLeft, comparing.candidateLeft]
      : [comparing.enlargeRight, comparing.candidateRight];
  return (
    <section className="side" aria-label={comparing[side]}>
      <h2>{comparing[side]}</h2>
      <div className={images.length === 1 ? 'side-images is-single' : 'side-images'}>
        {images.map((image, i) => (
          <button
            key={image.name}
            type="button"
            className="image-frame"
            onClick={() => onZoom(i)}
            aria-label={enlarge(i + 1)}
          >
            {image.isBroken ? (
              <span className="image-missing">{common.imageMissing}</span>
            ) : (
              <img src={image.url} alt={candidate(i + 1)} />
            )}
          </button>
        ))}
      </div>
    </section>
  );
}

interface ComparingEndProps {
  comparer: Comparer;
  state: ComparerState;
  phase: 'waiting' | 'finished';
}

function ComparingEnd({ comparer, state, phase }: ComparingEndProps) {
  const { finished } = useTexts();
  const { role, purpose } = useSession();
  const { answered, completion, paidInSeconds } = state;
  return (
    <Finished
      phase={phase}
      answered={answered}
      done={finished.compared(answered)}
      completion={completion}
      paidInSeconds={paidInSeconds}
    >
      {role === 'rater' && purpose === 'both' && completion === undefined && (
        <a className="button primary" href="/label" onClick={followLink}>
          {finished.thenLabel}
        </a>
      )}
      {role === 'owner' && (
        <a className="button primary" href="/results" onClick={followLink}>
          {finished.toResults}
        </a>
      )}
      {role === 'owner' && phase === 'finished' && <OwnerStart onStarted={comparer.retry} />}
    </Finished>
  );
}

function problemOf({ phase, problem }: ComparerState, texts: Texts): string | undefined {
  if (phase === 'failed' || problem === undefined || problem.kind === 'failed') return undefined;
  return texts.outbox[problem.kind](problemText(problem.reason, texts));
}

function messageText(message: ComparerMessage | undefined, { comparing, labelling }: Texts): string | undefined {
  if (message === undefined || message.kind === 'answered') return undefined;
  if (message.kind === 'said') {
    const said = message.question === 'alignment' ? comparing.saidAlignment : comparing.saidFidelity;
    return said(comparing[message.preference]);
  }
  return message.kind === 'restored' ? comparing.restored : labelling[message.kind];
}
