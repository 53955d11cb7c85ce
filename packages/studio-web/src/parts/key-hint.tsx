/** The key of a button, drawn on it. Hidden from screen readers, from touch screens and where keys are off. */
import { type Action, keySettings, keysOf, nameOfKey } from '../labelling/keys.ts';
import { useStore } from './store.ts';

export function KeyHint({ action }: { action: Action }) {
  const settings = useStore(keySettings);
  const [key] = keysOf(action, settings);
  if (!settings.isOn || key === undefined) return null;
  return (
    <span className="key-hint" aria-hidden="true">
      {nameOfKey(key)}
    </span>
  );
}
