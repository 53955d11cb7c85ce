/**
 * What the pages on which raters answer share around their questions: lifetimes, failures and what is not saved yet.
 */
import { useEffect, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { type Texts, useTexts } from '../language/language.ts';
import { problemText } from '../language/problem-text.ts';
import { AskingProblem } from './asking-problem.tsx';
import type { Outbox, OutboxState } from './outbox.ts';

/** What `create` made for as long as the component is shown; nothing before its first effect. */
export function useStoppable<T extends { stop(): void }>(create: () => T): T | undefined {
  const [created, setCreated] = useState<T>();
  useEffect(() => {
    const made = create();
    setCreated(made);
    // A tab that is closed unmounts nothing.
    const close = (event: PageTransitionEvent) => event.persisted || made.stop();
    addEventListener('pagehide', close);
    return () => {
      removeEventListener('pagehide', close);
      made.stop();
    };
  }, [create]);
  return created;
}

/** The browser asks before a tab is closed while something is not sent. */
export function useUnsentWarning({ state }: Pick<Outbox<unknown>, 'state'>): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (state.get().waiting > 0) event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [state]);
}

/** Getting queries failed; the page tries again by itself, and the rater may do so at once. */
export function FailedNotice({ problem, onRetry }: { problem: unknown; onRetry: () => void }) {
  const texts = useTexts();
  return (
    <div className="notice">
      <AskingProblem problem={problem} />
      <button type="button" className="button primary" onClick={onRetry}>
        {texts.common.tryAgain}
      </button>
    </div>
  );
}

interface AnswerStatusProps {
  /** The last action in words; undefined for an answer, of which the outbox knows whether it is saved. */
  message: string | undefined;
  isAnswer: boolean;
  outbox: OutboxState;
  /** What else is wrong. */
  problem: string | undefined;
}

/** The last action, or what keeps answers from being saved: never both. */
export function AnswerStatus({ message = '', isAnswer, outbox, problem }: AnswerStatusProps) {
  const texts = useTexts();
  const unsaved = outbox.problem === undefined ? undefined : unsavedText(outbox, outbox.problem, texts);
  const saving = outbox.waiting > 0 ? texts.outbox.saving : texts.outbox.saved;
  const shown = unsaved ?? problem;
  return (
    <>
      <p className="status" role="status">
        {unsaved === undefined && (isAnswer ? `${message} ${saving}`.trim() : message)}
      </p>
      {shown !== undefined && (
        <p className="status-problem" role="alert">
          {shown}
          {outbox.isUnkept && ` ${texts.outbox.unkept}`}
        </p>
      )}
    </>
  );
}

function unsavedText({ waiting }: OutboxState, problem: ApiError, texts: Texts): string {
  if (problem.status === 401 && problem.code === 'revoked') return texts.outbox.revoked(waiting);
  if (problem.status === 401) return texts.outbox.loggedOut(waiting);
  return texts.outbox.waiting(waiting, problemText(problem, texts));
}

/** True where the session has ended: the page has nothing more to do. */
export function isSessionOver(problem: unknown): problem is ApiError {
  return problem instanceof ApiError && problem.status === 401;
}
