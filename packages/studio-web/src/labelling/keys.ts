/**
 * Keyboard shortcuts of the labelling page. Raters can change the keys or turn the shortcuts off, and the browser
 * stores these settings. Each action also has a button.
 */
import { useEffect } from 'react';
import type { Texts } from '../language/language.ts';
import { keyNames, type PressedKey } from '../parts/key-names.ts';
import { createStore } from '../parts/store.ts';

/** Every action with its default keys, as values of `KeyboardEvent.key`. */
export const ACTIONS = {
  good: ['ArrowUp', 'g'],
  bad: ['ArrowDown', 'b'],
  allGood: ['G'],
  allBad: ['B'],
  previous: ['ArrowLeft'],
  next: ['ArrowRight'],
  skip: ['s'],
  undo: ['u', 'Backspace'],
  zoom: [' ', 'z'],
  help: ['?'],
} as const satisfies Record<string, readonly string[]>;
export type Action = keyof typeof ACTIONS;
export const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

export interface KeySettings {
  isOn: boolean;
  /** For each action, the rater's own key that replaces the default keys. */
  own: Partial<Record<Action, string>>;
}

const STORAGE_KEY = 'heed-keys';

export const keySettings = createStore<KeySettings>(load());

/** Changes and stores the settings. */
export function setKeys(settings: KeySettings): void {
  keySettings.set(settings);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(settings));
  } catch {
    // Without storage the change lasts as long as the page.
  }
}

/** The keys of an action under these settings. */
export function keysOf(action: Action, { own }: KeySettings): readonly string[] {
  const chosen = own[action];
  return chosen === undefined ? ACTIONS[action] : [chosen];
}

/** The action of a pressed key, found by the letter or, for other scripts, by the key's position on the keyboard. */
export function actionOf(pressed: PressedKey, settings: KeySettings): Action | undefined {
  for (const name of keyNames(pressed)) {
    const action = ACTION_NAMES.find((each) => keysOf(each, settings).includes(name));
    if (action !== undefined) return action;
  }
  return undefined;
}

/** The index of the image that a digit picks. */
export function pickOf(pressed: PressedKey): number | undefined {
  const digit = keyNames(pressed).find((name) => /^[1-9]$/.test(name));
  return digit === undefined ? undefined : Number(digit) - 1;
}

/** The text that shows a key on a button. */
export function nameOfKey(key: string, texts: Texts): string {
  const names: Readonly<Record<string, string>> = {
    ArrowUp: '↑',
    ArrowDown: '↓',
    ArrowLeft: '←',
    ArrowRight: '→',
    ' ': texts.keys.space,
    Backspace: '⌫',
    Enter: 'Enter',
  };
  return names[key] ?? (key.length === 1 && key !== key.toLowerCase() ? `⇧${key}` : key.toUpperCase());
}

/**
 * Whether the page handles a key press: shortcuts are on, no modifier key is pressed, and the focus is not in a field
 * or dialog.
 */
export function isForPage(event: KeyboardEvent): boolean {
  if (!keySettings.get().isOn || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false;
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  if (target?.closest('input, select, textarea, dialog')) return false;
  // What has the focus keeps its own keys.
  return !((event.key === ' ' || event.key === 'Enter') && target?.closest('button, a'));
}

/** A React hook that calls `act` for the keys of actions, and `pick` for the digits 1 to 9, anywhere on the page. */
export function useKeys(act: (action: Action) => void, pick: (index: number) => void): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (!isForPage(event)) return;
      const action = actionOf(event, keySettings.get());
      const index = action === undefined ? pickOf(event) : undefined;
      if (action === undefined && index === undefined) return;
      event.preventDefault();
      if (action !== undefined) act(action);
      else pick(index!);
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, [act, pick]);
}

function load(): KeySettings {
  try {
    return readKeySettings(localStorage.getItem(STORAGE_KEY));
  } catch {
    // Storage can be forbidden.
    return readKeySettings(null);
  }
}

/** Parses the stored settings; if the text is damaged, the default settings are returned. */
export function readKeySettings(stored: string | null): KeySettings {
  const { isOn, own } = asRecord(parse(stored));
  const names = Object.keys(ACTIONS) as Action[];
  const keys = names.flatMap((name) => {
    const key = asRecord(own)[name];
    return typeof key === 'string' ? [[name, key] as const] : [];
  });
  return { isOn: isOn !== false, own: Object.fromEntries(keys) };
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
