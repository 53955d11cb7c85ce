/** A rater comes by an invite link: one question, then labelling. */
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError, api, read } from '../api/client.ts';
import { go } from '../parts/router.ts';
import { type PlatformIds, platformIdsIn } from './platform-ids.ts';

/** Kept over the moment in which the address loses them. */
let token = '';
let platformIds: PlatformIds = {};

export function JoinPage({ onLogin }: { onLogin: () => Promise<void> }) {
  const [problem, setProblem] = useState<string>();
  const [isParticipant, setIsParticipant] = useState(platformIds.participant !== undefined);
  useEffect(() => {
    if (location.hash.length > 1) {
      token = location.hash.slice(1);
      platformIds = platformIdsIn(location.search);
      setIsParticipant(platformIds.participant !== undefined);
    }
    history.replaceState(null, '', location.pathname);
  }, []);
  const join = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get('name');
    try {
      const json = { token, ...platformIds, ...(name === null ? {} : { name: String(name) }) };
      await read(api.session.join.$post({ json }));
      await onLogin();
      go('/label', { replace: true });
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error));
    }
  };
  return (
    <main className="notice">
      <h1>You are invited to judge images</h1>
      <p>
        Each time you see images that a program made from a short text. You say which of them show what the text says.
        There is no right speed; you can stop at any time and come back with the same link.
      </p>
      <p>
        Your answers, how long they took and {isParticipant ? 'the ids in your link' : 'the name you choose'} are stored
        with the project; nothing else about you is.
      </p>
      <form className="row filters" onSubmit={(event) => void join(event)}>
        {!isParticipant && (
          <label className="labelled">
            A name for you
            <input className="field" name="name" required maxLength={100} autoComplete="nickname" />
          </label>
        )}
        <button type="submit" className="button primary">
          Start
        </button>
      </form>
      {problem !== undefined && (
        <p className="status-problem" role="alert">
          That did not work: {problem}.
        </p>
      )}
    </main>
  );
}
