/** Ends the session of this tab and shows how to come back. */
import { useState } from 'react';
import { api, read } from '../api/client.ts';
import { keepSessionKey } from './session-key.ts';

export function LogoutButton({ className = 'button' }: { className?: string }) {
  const [problem, setProblem] = useState<string>();
  const logOut = async () => {
    try {
      await read(api.session.logout.$post());
      keepSessionKey(undefined);
      location.replace('/login');
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <>
      <button type="button" className={className} onClick={() => void logOut()}>
        Log out
      </button>
      {problem !== undefined && (
        <span role="alert" className="status-problem">
          You are still logged in: {problem}.
        </span>
      )}
    </>
  );
}
