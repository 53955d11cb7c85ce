/**
 * Keyboard shortcuts of the comparing page. Each shortcut also has a button. A rater who turns off the shortcuts of
 * labelling turns off the shortcuts of comparing as well.
 */
import { useEffect } from 'react';
import { isForPage } from '../labelling/keys.ts';
import { keyNames, type PressedKey } from '../parts/key-names.ts';
import type { Comparer } from './comparer.ts';
import { PREFERENCE_NAMES, PREFERENCES } from './questions.ts';

/** Functions for the keyboard shortcuts that do not answer a question. */
export interface ComparingActs {
  zoom(): void;
  help(): void;
}

type Act = (comparer: Comparer, acts: ComparingActs) => void;

const ACTIONS: Readonly<Record<string, Act>> = {
  ...Object.fromEntries(
    PREFERENCE_NAMES.flatMap((preference) =>
      PREFERENCES[preference].keys.map((key): [string, Act] => [key, (comparer) => comparer.say(preference)]),
    ),
  ),
  u: ({ undo }) => undo(),
  Backspace: ({ undo }) => undo(),
  Enter: ({ goOn }) => goOn(),
  z: (_, { zoom }) => zoom(),
  ' ': (_, { zoom }) => zoom(),
  '?': (_, { help }) => help(),
};

/** The action of a pressed key, found by the letter or, for other scripts, by the key's position on the keyboard. */
export function comparingAct(pressed: PressedKey): Act | undefined {
  return keyNames(pressed)
    .map((name) => (Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined))
    .find((act) => act !== undefined);
}

/** A React hook that handles keys pressed anywhere on the page, except in fields, in dialogs or with a modifier key. */
export function useComparingKeys(comparer: Comparer, acts: ComparingActs): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (!isForPage(event)) return;
      const act = comparingAct(event);
      if (act === undefined) return;
      event.preventDefault();
      act(comparer, acts);
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, [comparer, acts]);
}
