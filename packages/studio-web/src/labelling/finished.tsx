/** What is shown when there is nothing to ask: thanks or waiting, the completion code, and what else there is to do. */
import type { ReactNode } from 'react';
import { useTexts } from '../language/language.ts';
import { CompletionCode } from './completion-code.tsx';
import type { Completion } from './labelling-api.ts';
import { durationText } from './progress-line.tsx';

interface FinishedProps {
  phase: 'waiting' | 'finished';
  answered: number;
  /** What has been done, in a sentence. */
  done: string;
  completion: Completion | undefined;
  paidInSeconds: number | undefined;
  /** What else there is to do. */
  children?: ReactNode;
}

export function Finished({ phase, answered, done, completion, paidInSeconds, children }: FinishedProps) {
  const { finished, progress } = useTexts();
  const isWaiting = phase === 'waiting';
  const isEmpty = !isWaiting && answered === 0;
  const title = isWaiting ? finished.waiting : isEmpty ? finished.nothingYet : finished.done;
  return (
    <div className="notice" role="status">
      <h1>{title}</h1>
      <p>{isWaiting ? finished.waitingText : isEmpty ? finished.nothingYetText : done}</p>
      {completion === undefined && paidInSeconds !== undefined && (
        <p>{finished.paidIn(durationText(paidInSeconds, progress))}</p>
      )}
      {completion !== undefined && (isWaiting || isEmpty) && <p>{finished.paid}</p>}
      {completion !== undefined && <CompletionCode completion={completion} />}
      {children}
    </div>
  );
}
