/** Keys of the labelling page: a table that people can change or turn off, kept in the browser. Each has a button, too. */
import { useEffect } from 'react';
import { createStore } from '../parts/store.ts';

/** Every action with its default keys, as `KeyboardEvent.key` gives them, and what the help says. */
export const ACTIONS = {
  good: { keys: ['ArrowUp', 'g'], help: 'Good: it shows what the prompt says' },
  bad: { keys: ['ArrowDown', 'b'], help: 'Bad: it does not' },
  allGood: { keys: ['G'], help: 'All images good' },
  allBad: { keys: ['B'], help: 'All images bad' },
  previous: { keys: ['ArrowLeft'], help: 'Go to the image before' },
  next: { keys: ['ArrowRight'], help: 'Go to the next image' },
  skip: { keys: ['s'], help: 'Skip, if it is hard to say' },
  undo: { keys: ['u', 'Backspace'], help: 'Undo' },
  zoom: { keys: [' ', 'z'], help: 'Enlarge' },
  help: { keys: ['?'], help: 'Show this' },
} as const satisfies Record<string, { keys: readonly string[]; help: string }>;
export type Action = keyof typeof ACTIONS;

export interface KeySettings {
  isOn: boolean;
  /** Keys that replace an action's default ones. */
  own: Partial<Record<Action, string>>;
}

const STORAGE_KEY = 'heed-keys';

export const keySettings = createStore<KeySettings>(load());

/** Changes and keeps the settings. */
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
  return chosen === undefined ? ACTIONS[action].keys : [chosen];
}

/** How a key is written on a button. */
export function nameOfKey(key: string): string {
  const names: Readonly<Record<string, string>> = {
    ArrowUp: '↑',
    ArrowDown: '↓',
    ArrowLeft: '←',
    ArrowRight: '→',
    ' ': 'Space',
    Backspace: '⌫',
  };
  return names[key] ?? (key.length === 1 && key !== key.toLowerCase() ? `⇧${key}` : key.toUpperCase());
}

/** Calls `act` for keys anywhere on the page, save in fields and with a modifier; 1 to 9 pick an image. */
export function useKeys(act: (action: Action) => void, pick: (index: number) => void): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const settings = keySettings.get();
      if (!settings.isOn || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.target instanceof HTMLElement && event.target.closest('input, select, textarea, dialog')) return;
      // A focused button keeps its own keys.
      if ((event.key === ' ' || event.key === 'Enter') && event.target instanceof HTMLButtonElement) return;
      if (/^[1-9]$/.test(event.key)) {
        pick(Number(event.key) - 1);
        return;
      }
      const actions = Object.keys(ACTIONS) as Action[];
      const action = actions.find((name) => keysOf(name, settings).includes(event.key));
      if (action === undefined) return;
      event.preventDefault();
      act(action);
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

/** The settings in the browser's storage; what is damaged of them is left out, and the default stands. */
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
