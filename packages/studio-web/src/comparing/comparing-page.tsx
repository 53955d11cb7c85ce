/** Two sets of images of one prompt side by side, and two questions. Nothing here knows which model drew which. */
import { useMemo, useState } from 'react';
import { ProgressLine } from '../labelling/progress-line.tsx';
import { ZoomDialog } from '../labelling/zoom-dialog.tsx';
import { AnswerStatus, FailedNotice, useStoppable, useUnsentWarning } from '../parts/answering.tsx';
import type { ShownImage } from '../parts/prepared-image.ts';
import { followLink } from '../parts/router.ts';
import { useStore } from '../parts/store.ts';
import { useSession } from '../session/session.ts';
import { type Comparer, createComparer } from './comparer.ts';
import { ComparingHelp } from './comparing-help.tsx';
import { useComparingKeys } from './comparing-keys.ts';
import { QuestionPanel } from './question-panel.tsx';
import { QUESTION_NAMES } from './questions.ts';

export function ComparingPage() {
  const comparer = useStoppable(createComparer);
  return comparer === undefined ? null : <Comparing comparer={comparer} />;
}

function Comparing({ comparer }: { comparer: Comparer }) {
  const state = useStore(comparer.state);
  const outbox = useStore(comparer.outbox.state);
  const [zoomed, setZoomed] = useState<number>();
  const { query, said } = state;
  const [isHelping, setHelping] = useState(false);
  const acts = useMemo(
    () => ({ zoom: () => comparer.state.get().query && setZoomed(0), help: () => setHelping(true) }),
    [comparer],
  );
  useComparingKeys(comparer, acts);
  useUnsentWarning(comparer.outbox);
  const isComplete = QUESTION_NAMES.every((question) => said[question] !== undefined);

  return (
    <main className="labelling comparing">
      <ProgressLine answered={state.answered} open={state.open} />
      {state.phase === 'asking' && query && (
        <>
          <h1 className="prompt" dir="auto">
            {query.prompt}
          </h1>
          <div className="sides" key={query.id}>
            <ImageSet name="Left" images={query.left} onZoom={setZoomed} />
            <ImageSet name="Right" images={query.right} onZoom={(i) => setZoomed(query.left.length + i)} />
          </div>
          <div className="questions">
            {QUESTION_NAMES.map((question) => (
              <QuestionPanel
                key={question}
                question={question}
                said={said[question]}
                isCurrent={state.current === question}
                onSay={(preference) => comparer.say(preference, question)}
              />
            ))}
          </div>
        </>
      )}
      {state.phase === 'loading' && <p className="waiting">Getting the next images…</p>}
      {state.phase === 'failed' && <FailedNotice problem={state.problem} onRetry={comparer.retry} />}
      {state.phase === 'finished' && <Finished answered={state.answered} />}
      <div className="toolbar">
        <button type="button" className="button" onClick={comparer.undo} disabled={!state.canUndo}>
          Undo{' '}
          <span className="key-hint" aria-hidden="true">
            U
          </span>
        </button>
        <button type="button" className="button quiet" onClick={acts.help}>
          Help{' '}
          <span className="key-hint" aria-hidden="true">
            ?
          </span>
        </button>
        <button type="button" className="button primary push" onClick={comparer.goOn} disabled={!isComplete}>
          Next{' '}
          <span className="key-hint" aria-hidden="true">
            Enter
          </span>
        </button>
      </div>
      <AnswerStatus
        message={state.message}
        outbox={outbox}
        problem={state.phase === 'failed' ? undefined : state.problem}
      />
      {isHelping && <ComparingHelp onClose={() => setHelping(false)} />}
      {zoomed !== undefined && query && (
        <ZoomDialog
          query={{ prompt: query.prompt, images: [...query.left, ...query.right] }}
          index={zoomed}
          onIndex={setZoomed}
          onClose={() => setZoomed(undefined)}
        />
      )}
    </main>
  );
}

interface ImageSetProps {
  name: 'Left' | 'Right';
  images: ShownImage[];
  onZoom: (index: number) => void;
}

function ImageSet({ name, images, onZoom }: ImageSetProps) {
  return (
    <section className="side" aria-label={`${name} side`}>
      <h2>{name}</h2>
      <div className={images.length === 1 ? 'side-images is-single' : 'side-images'}>
        {images.map((image, i) => (
          <button
            key={image.name}
            type="button"
            className="image-frame"
            onClick={() => onZoom(i)}
            aria-label={`Enlarge image ${i + 1} on the ${name.toLowerCase()}`}
          >
            {image.isBroken ? (
              <span className="image-missing">This image did not load</span>
            ) : (
              <img src={image.url} alt={`Candidate ${i + 1} on the ${name.toLowerCase()}`} />
            )}
          </button>
        ))}
      </div>
    </section>
  );
}

function Finished({ answered }: { answered: number }) {
  const { role } = useSession();
  return (
    <div className="notice">
      <h1>{answered === 0 ? 'Nothing to compare yet' : 'All done, thank you'}</h1>
      {answered > 0 && <p>You have compared {answered} times. There is nothing left for you to compare.</p>}
      {role === 'owner' && (
        <a className="button primary" href="/results" onClick={followLink}>
          {answered === 0 ? 'Start a comparison' : 'To the results'}
        </a>
      )}
    </div>
  );
}
