/** The key of a button, drawn on it. Hidden from screen readers, from touch screens and where keys are off. */
import { type Action, keySettings, keysOf, nameOfKey } from '../labelling/keys.ts';
import { useTexts } from '../language/language.ts';
import { useStore } from './store.ts';

/** Of an action of the labelling page, or any key. */
export function KeyHint({ action, name }: { action?: Action; name?: string }) {
  const settings = useStore(keySettings);
  const texts = useTexts();
  const key = action === undefined ? name : keysOf(action, settings)[0];
  if (!settings.isOn || key === undefined) return null;
  return (
    <span className="key-hint" aria-hidden="true">
      {nameOfKey(key, texts)}
    </span>
  );
}
