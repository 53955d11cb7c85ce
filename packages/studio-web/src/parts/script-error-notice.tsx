/** What is said when a script of the page failed. */
import { useTexts } from '../language/language.ts';
import { hasScriptError } from './script-errors.ts';
import { useStore } from './store.ts';

export function ScriptErrorNotice() {
  const isShown = useStore(hasScriptError);
  const { common } = useTexts();
  if (!isShown) return null;
  return (
    <div className="script-error" role="alert">
      <p>{common.scriptError}</p>
      <button type="button" className="button small" onClick={() => location.reload()}>
        {common.reload}
      </button>
    </div>
  );
}
