/** The labelling page: a prompt, its images, and nothing that distracts from them. */
import { useCallback, useState } from 'react';
import { GuidelinesGate } from '../guidelines/guidelines-gate.tsx';
import { type Texts, useTexts } from '../language/language.ts';
import { problemText } from '../language/problem-text.ts';
import { RichText } from '../language/rich-text.tsx';
import { watchActivity } from '../parts/activity.ts';
import { AnswerStatus, FailedNotice, isSessionOver, useStoppable, useUnsentWarning } from '../parts/answering.tsx';
import { prepareImage } from '../parts/prepared-image.ts';
import { randomId } from '../parts/random-id.ts';
import { followLink } from '../parts/router.ts';
import { useStore } from '../parts/store.ts';
import { useSwipe } from '../parts/swipe.ts';
import { keeperOf, type Session, useSession } from '../session/session.ts';
import { SessionOver } from '../session/session-over.tsx';
import { Finished } from './finished.tsx';
import { GoldDialog } from './gold-dialog.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { ImageCard } from './image-card.tsx';
import { ImageSteps } from './image-steps.tsx';
import { type Action, useKeys } from './keys.ts';
import { createLabeller, type Labeller } from './labeller.ts';
import type { LabellerMessage, LabellerState } from './labeller-state.ts';
import { labellingApi } from './labelling-api.ts';
import { LabellingZoom } from './labelling-zoom.tsx';
import { Explanation, PracticeLine } from './practice.tsx';
import { ProgressLine } from './progress-line.tsx';
import { SkipDialog } from './skip-dialog.tsx';
import { LabellingToolbar } from './toolbar.tsx';

export function LabellingPage() {
  return (
    <GuidelinesGate>
      <LabellingWork />
    </GuidelinesGate>
  );
}

function LabellingWork() {
  const session = useSession();
  const create = useCallback(() => startLabelling(session), [session]);
  const labeller = useStoppable(create);
  return labeller === undefined ? null : <Labelling labeller={labeller} />;
}

function startLabelling(session: Session): Labeller {
  const activity = watchActivity();
  const labeller = createLabeller({
    api: labellingApi({ session: session.key, page: randomId() }),
    activity,
    prepareImage,
    outbox: { keeper: keeperOf(session, 'labelling') },
  });
  return {
    ...labeller,
    stop() {
      labeller.stop();
      activity.stop();
    },
  };
}

type DialogName = 'help' | 'skip' | 'zoom' | 'gold';

function Labelling({ labeller }: { labeller: Labeller }) {
  const texts = useTexts();
  const state = useStore(labeller.state);
  const outbox = useStore(labeller.outbox.state);
  const [dialog, setDialog] = useState<DialogName>();
  const { query, problem } = state;
  const isAsking = state.phase === 'asking' && query !== undefined;
  const close = () => setDialog(undefined);
  const act = useActions(labeller, setDialog);
  useKeys(act, labeller.pick);
  useUnsentWarning(labeller.outbox);
  // Unsent answers are still tried: where the rater comes back by another tab, this one goes on.
  const ended = [problem?.reason, outbox.problem].find(isSessionOver);
  if (ended) return <SessionOver why={ended.code} unsent={outbox.waiting} />;
  return (
    <main className="labelling">
      <ProgressLine
        answered={state.answered}
        open={state.open}
        isAsking={isAsking && !query.isPractice}
        medianSeconds={state.medianSeconds}
      />
      {isAsking && <Query labeller={labeller} state={state} onZoom={() => setDialog('zoom')} />}
      {state.phase === 'explaining' && query && (
        <Explanation query={query} explanation={state.explanation} onGoOn={labeller.goOn} />
      )}
      {state.phase === 'loading' && <p className="waiting">{texts.common.gettingNext}</p>}
      {state.phase === 'failed' && <FailedNotice problem={problem?.reason} onRetry={labeller.retry} />}
      {(state.phase === 'finished' || state.phase === 'waiting') && <LabellingEnd state={state} phase={state.phase} />}
      <LabellingToolbar state={state} act={act} onGold={() => setDialog('gold')} />
      {state.hint !== undefined && (
        <p className="status-hint" role="status">
          {texts.labelling[state.hint]}
        </p>
      )}
      <AnswerStatus
        message={messageText(state.message, texts)}
        isAnswer={state.message?.kind === 'answered' || state.message?.kind === 'skipped'}
        outbox={outbox}
        problem={problemOf(state, texts)}
      />
      {dialog === 'help' && <HelpDialog asksBest={query?.asksBest ?? false} onClose={close} />}
      {dialog === 'skip' && (
        <SkipDialog
          onClose={close}
          onSkip={(reason) => {
            close();
            labeller.skip(reason);
          }}
        />
      )}
      {dialog === 'gold' && query && (
        <GoldDialog
          query={query}
          marks={state.marks}
          onClose={close}
          onKept={(marks) => {
            close();
            labeller.answer(marks);
          }}
        />
      )}
      {dialog === 'zoom' && isAsking && <LabellingZoom labeller={labeller} state={state} act={act} onClose={close} />}
    </main>
  );
}

/** What each action does; a dialog is opened only while there is a query. */
function useActions(labeller: Labeller, setDialog: (name: DialogName) => void): (action: Action) => void {
  return useCallback(
    (action: Action) => {
      const now = () => labeller.state.get();
      const acts: Record<Action, () => void> = {
        good: () => labeller.mark('good'),
        bad: () => labeller.mark('bad'),
        allGood: () => labeller.markAll('good'),
        allBad: () => labeller.markAll('bad'),
        previous: () => labeller.select(now().current - 1),
        next: () => labeller.select(now().current + 1),
        skip: () => now().phase === 'asking' && setDialog('skip'),
        undo: () => labeller.undo(),
        zoom: () => now().phase === 'asking' && setDialog('zoom'),
        help: () => setDialog('help'),
      };
      acts[action]();
    },
    [labeller, setDialog],
  );
}

function Query({ labeller, state, onZoom }: { labeller: Labeller; state: LabellerState; onZoom: () => void }) {
  const { query, marks, current } = state;
  const swipe = useSwipe((by) => labeller.select(labeller.state.get().current + by));
  if (!query) return null;
  return (
    <>
      {query.isPractice && <PracticeLine />}
      <h1 className="prompt" dir="auto">
        {query.prompt}
      </h1>
      {query.asksBest && <AskBest count={query.images.length} />}
      <div className="image-row" key={query.id} {...swipe}>
        {query.images.map((image, i) => (
          <ImageCard
            key={image.name}
            image={image}
            number={i + 1}
            mark={marks[i]}
            isCurrent={i === current}
            asksBest={query.asksBest}
            onMark={(mark) => labeller.mark(mark, i)}
            onSelect={() => labeller.select(i)}
            onZoom={() => {
              labeller.select(i);
              onZoom();
            }}
          />
        ))}
      </div>
      <ImageSteps images={query.images} marks={marks} current={current} onSelect={labeller.select} />
    </>
  );
}

function AskBest({ count }: { count: number }) {
  const { labelling } = useTexts();
  return <p className="soft">{count === 2 ? labelling.askBetter : labelling.askBest}</p>;
}

function LabellingEnd({ state, phase }: { state: LabellerState; phase: 'waiting' | 'finished' }) {
  const { finished } = useTexts();
  const { role, purpose } = useSession();
  const { answered, completion, paidInSeconds } = state;
  return (
    <Finished
      phase={phase}
      answered={answered}
      done={finished.labelled(answered)}
      completion={completion}
      paidInSeconds={paidInSeconds}
    >
      {role === 'rater' && purpose === 'both' && state.openComparisons !== undefined && state.openComparisons > 0 && (
        <a className="button primary" href="/compare" onClick={followLink}>
          {finished.thenCompare}
        </a>
      )}
      {role === 'owner' && answered === 0 && (
        <p>
          <RichText text={finished.ownerEmpty} />
        </p>
      )}
      {role === 'owner' && (
        <a className="button primary" href="/" onClick={followLink}>
          {finished.toOverview}
        </a>
      )}
    </Finished>
  );
}

function problemOf({ phase, problem }: LabellerState, texts: Texts): string | undefined {
  if (phase === 'failed' || problem === undefined || problem.kind === 'failed') return undefined;
  return texts.outbox[problem.kind](problemText(problem.reason, texts));
}

function messageText(message: LabellerMessage | undefined, { labelling }: Texts): string | undefined {
  if (message === undefined || message.kind === 'answered') return undefined;
  if (message.kind === 'marked') {
    return message.mark === 'good' ? labelling.markedGood(message.image) : labelling.markedBad(message.image);
  }
  if (message.kind === 'chosen') return labelling.chosen(message.image);
  if (message.kind === 'allMarked') return message.mark === 'good' ? labelling.allMarkedGood : labelling.allMarkedBad;
  return labelling[message.kind];
}
