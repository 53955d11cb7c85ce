/** What is shown when nothing is left to judge: thanks, and a completion code where the rater has earned one. */
import { followLink } from '../parts/router.ts';
import { useSession } from '../session/session.ts';
import type { Completion } from './labeller.ts';

interface FinishedProps {
  answered: number;
  completion: Completion | undefined;
}

export function Finished({ answered, completion }: FinishedProps) {
  const { role } = useSession();
  return (
    <div className="notice">
      <h1>{answered === 0 ? 'Nothing to label yet' : 'All done, thank you'}</h1>
      {answered > 0 && <p>You have answered {answered} queries. There is nothing left for you to judge.</p>}
      {completion !== undefined && (
        <>
          <p>
            Your completion code is <code className="completion-code">{completion.code}</code>
          </p>
          {completion.url !== undefined && (
            <a className="button primary" href={completion.url} rel="noreferrer">
              Finish on {new URL(completion.url).host}
            </a>
          )}
        </>
      )}
      {role === 'owner' && answered === 0 && (
        <p>
          Draw images with <code>npx heed generate</code>; they appear here by themselves.
        </p>
      )}
      {role === 'owner' && answered > 0 && (
        <a className="button primary" href="/" onClick={followLink}>
          To the overview
        </a>
      )}
    </div>
  );
}
