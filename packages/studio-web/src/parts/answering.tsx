/** What the pages on which raters answer share around their questions: lifetimes, failures and what is not saved yet. */
import { useEffect, useState } from 'react';
import type { Outbox, OutboxState } from './outbox.ts';

/** What `create` made for as long as the component is shown; nothing before its first effect. */
export function useStoppable<T extends { stop(): void }>(create: () => T): T | undefined {
  const [created, setCreated] = useState<T>();
  useEffect(() => {
    const made = create();
    setCreated(made);
    return () => made.stop();
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

/** Getting queries failed; the rater may try again. */
export function FailedNotice({ problem, onRetry }: { problem: string | undefined; onRetry: () => void }) {
  return (
    <div className="notice">
      <p>That did not work: {problem}.</p>
      <button type="button" className="button primary" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

interface AnswerStatusProps {
  /** What screen readers are told of the last action. */
  message: string;
  outbox: OutboxState;
  /** What else is wrong. */
  problem: string | undefined;
}

/** The last action, and under it what keeps answers from being saved. */
export function AnswerStatus({ message, outbox, problem }: AnswerStatusProps) {
  const shown = outbox.isLoggedOut
    ? `You are logged out. ${outbox.waiting} answers are kept in this browser; open your link again to send them.`
    : outbox.problem !== undefined
      ? `Not saved yet (${outbox.waiting} waiting): ${outbox.problem}. Trying again by itself.`
      : problem;
  return (
    <>
      <p className="status" role="status">
        {message}
      </p>
      {shown !== undefined && (
        <p className="status-problem" role="alert">
          {shown}
        </p>
      )}
    </>
  );
}
