/** The labelling page: a prompt, its images, and nothing that distracts from them. */
import { useCallback, useState } from 'react';
import { AnswerStatus, FailedNotice, useStoppable, useUnsentWarning } from '../parts/answering.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { useStore } from '../parts/store.ts';
import { useSession } from '../session/session.ts';
import { Finished } from './finished.tsx';
import { GoldDialog } from './gold-dialog.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { ImageCard } from './image-card.tsx';
import { type Action, useKeys } from './keys.ts';
import { createLabeller, type Labeller } from './labeller.ts';
import { Explanation, PracticeLine } from './practice.tsx';
import { ProgressLine } from './progress-line.tsx';
import { SkipDialog } from './skip-dialog.tsx';
import { ZoomDialog } from './zoom-dialog.tsx';

export function LabellingPage() {
  const labeller = useStoppable(createLabeller);
  return labeller === undefined ? null : <Labelling labeller={labeller} />;
}

function Labelling({ labeller }: { labeller: Labeller }) {
  const state = useStore(labeller.state);
  const outbox = useStore(labeller.outbox.state);
  const [dialog, setDialog] = useState<'help' | 'skip' | 'zoom' | 'gold'>();
  const { query, current } = state;
  const isAsking = state.phase === 'asking' && query !== undefined;
  const { role } = useSession();
  const close = () => setDialog(undefined);

  const act = useCallback(
    (action: Action) => {
      const acts: Record<Action, () => void> = {
        good: () => labeller.mark('good'),
        bad: () => labeller.mark('bad'),
        allGood: () => labeller.markAll('good'),
        allBad: () => labeller.markAll('bad'),
        previous: () => labeller.select(labeller.state.get().current - 1),
        next: () => labeller.select(labeller.state.get().current + 1),
        skip: () => labeller.state.get().phase === 'asking' && setDialog('skip'),
        undo: () => labeller.undo(),
        zoom: () => labeller.state.get().phase === 'asking' && setDialog('zoom'),
        help: () => setDialog('help'),
      };
      acts[action]();
    },
    [labeller],
  );
  useKeys(act, labeller.select);
  useUnsentWarning(labeller.outbox);

  return (
    <main className="labelling">
      <ProgressLine answered={state.answered} open={state.open} medianSeconds={state.medianSeconds} />
      {isAsking && (
        <>
          {query.isPractice && <PracticeLine />}
          <h1 className="prompt" dir="auto">
            {query.prompt}
          </h1>
          <div className="image-row" key={query.id}>
            {query.images.map((image, i) => (
              <ImageCard
                key={image.name}
                image={image}
                number={i + 1}
                mark={state.marks[i]}
                isCurrent={i === current}
                onMark={(mark) => labeller.mark(mark, i)}
                onSelect={() => labeller.select(i)}
                onZoom={() => {
                  labeller.select(i);
                  setDialog('zoom');
                }}
              />
            ))}
          </div>
        </>
      )}
      {state.phase === 'explaining' && query && (
        <Explanation query={query} explanation={state.explanation} onGoOn={labeller.goOn} />
      )}
      {state.phase === 'loading' && <p className="waiting">Getting the next images…</p>}
      {state.phase === 'failed' && <FailedNotice problem={state.problem} onRetry={labeller.retry} />}
      {state.phase === 'finished' && <Finished answered={state.answered} completion={state.completion} />}
      <div className="toolbar">
        <button
          type="button"
          className="button"
          onClick={() => act('undo')}
          disabled={state.phase === 'explaining' || (!state.canUndo && !state.marks.some(Boolean))}
        >
          Undo <KeyHint action="undo" />
        </button>
        <button type="button" className="button" onClick={() => act('allBad')} disabled={!isAsking}>
          All bad <KeyHint action="allBad" />
        </button>
        <button type="button" className="button" onClick={() => act('allGood')} disabled={!isAsking}>
          All good <KeyHint action="allGood" />
        </button>
        <button type="button" className="button" onClick={() => act('skip')} disabled={!isAsking}>
          Skip <KeyHint action="skip" />
        </button>
        {role === 'owner' && (
          <button type="button" className="button quiet" onClick={() => setDialog('gold')} disabled={!isAsking}>
            Known answer…
          </button>
        )}
        <button type="button" className="button quiet push" onClick={() => act('help')}>
          Help <KeyHint action="help" />
        </button>
      </div>
      {state.hint !== undefined && (
        <p className="status-hint" role="status">
          {state.hint}
        </p>
      )}
      <AnswerStatus
        message={state.message}
        outbox={outbox}
        problem={state.phase === 'failed' ? undefined : state.problem}
      />
      {dialog === 'help' && <HelpDialog onClose={close} />}
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
      {dialog === 'zoom' && query && (
        <ZoomDialog query={query} index={current} onIndex={labeller.select} onClose={close} />
      )}
    </main>
  );
}
