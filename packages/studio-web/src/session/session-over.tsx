/** A rater's session has ended: why, what became of the answers, and what to do. */
import { useTexts } from '../language/language.ts';

interface SessionOverProps {
  /** The studio's code: 'revoked', 'over'. */
  why: string | undefined;
  /** Answers that are kept in this browser. */
  unsent: number;
}

export function SessionOver({ why, unsent }: SessionOverProps) {
  const { gone, outbox } = useTexts();
  const isRevoked = why === 'revoked';
  return (
    <main className="notice">
      <h1>{isRevoked ? gone.revokedTitle : gone.overTitle}</h1>
      <div role="alert">
        <p>{isRevoked ? gone.revokedText : gone.overText}</p>
        {unsent > 0 && <p>{isRevoked ? outbox.revoked(unsent) : gone.unsent(unsent)}</p>}
      </div>
    </main>
  );
}
