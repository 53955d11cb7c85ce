/** Marks a trial on every page, and ends it. */
import { api, read } from '../api/client.ts';
import { useTexts } from '../language/language.ts';
import { keepSessionKey } from './session-key.ts';

export function TrialMark() {
  const { trial } = useTexts();
  const end = async () => {
    await read(api.session.logout.$post()).catch(() => {});
    keepSessionKey(undefined);
    location.replace('/raters');
  };
  return (
    <span className="trial-mark">
      <strong>{trial.mark}</strong>
      <button type="button" className="button small" onClick={() => void end()}>
        {trial.end}
      </button>
    </span>
  );
}
