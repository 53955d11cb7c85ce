/** Keys of the comparing page; each has a button, too, and they are off where the keys of labelling are. */
import { useEffect } from 'react';
import { keySettings } from '../labelling/keys.ts';
import type { Comparer } from './comparer.ts';
import { PREFERENCE_NAMES, PREFERENCES } from './questions.ts';

/** What keys do on the page besides answering. */
export interface ComparingActs {
  zoom(): void;
  help(): void;
}

const ACTIONS: Readonly<Record<string, (comparer: Comparer, acts: ComparingActs) => void>> = {
  ...Object.fromEntries(
    PREFERENCE_NAMES.map((preference) => [
      PREFERENCES[preference].key,
      (comparer: Comparer) => comparer.say(preference),
    ]),
  ),
  u: ({ undo }) => undo(),
  Backspace: ({ undo }) => undo(),
  Enter: ({ goOn }) => goOn(),
  z: (_, { zoom }) => zoom(),
  ' ': (_, { zoom }) => zoom(),
  '?': (_, { help }) => help(),
};

/** Listens anywhere on the page, save in fields, in dialogs and with a modifier. */
export function useComparingKeys(comparer: Comparer, acts: ComparingActs): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (!keySettings.get().isOn || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      if (target?.closest('input, select, textarea, dialog')) return;
      // What has the focus keeps its own key.
      if ((event.key === 'Enter' || event.key === ' ') && target?.closest('button, a')) return;
      const action = ACTIONS[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action(comparer, acts);
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, [comparer, acts]);
}
